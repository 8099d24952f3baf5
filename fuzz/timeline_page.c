#include "timeline_page.h"

#include "conformance/suite/include_text.h"

INCLUDE_TEXT(timeline_page_style, "fuzz/timeline.css");
INCLUDE_TEXT(timeline_picture_style, "fuzz/timeline_picture.css");
