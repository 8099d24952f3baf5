/* What pages and pictures of timelines carry inline: timeline.css and timeline_picture.css. */
#ifndef CSQFUZZ_TIMELINE_PAGE_H
#define CSQFUZZ_TIMELINE_PAGE_H

extern const char timeline_page_style[];    /* the page around the picture */
extern const char timeline_picture_style[]; /* the picture; neither holds a '<' or an '&' */

#endif
