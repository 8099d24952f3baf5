#include "triage_report.h"

#include "conformance/suite/include_text.h"

INCLUDE_TEXT(triage_page_style, "fuzz/triage.css");
