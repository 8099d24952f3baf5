#define OWN_ANSWER 42
