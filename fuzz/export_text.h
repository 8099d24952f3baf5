/* What exported programs have in common: export_base.txt, export_driver.txt, export_main.txt, whose
 * lines that begin with //@ say which of the parts a program needs. */
#ifndef CSQFUZZ_EXPORT_TEXT_H
#define CSQFUZZ_EXPORT_TEXT_H

extern const char export_base_text[];   /* objects, the log, references, operations */
extern const char export_driver_text[]; /* the driver */
extern const char export_main_text[];   /* the sender, the threads, the end */

#endif
