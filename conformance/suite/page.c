#include "page.h"

#include "include_text.h"

INCLUDE_TEXT(page_style, "conformance/suite/page.css");
INCLUDE_TEXT(page_script, "conformance/suite/page.js");
