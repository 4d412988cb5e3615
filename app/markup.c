#include "app/markup.h"

void markup_escape(struct text *out, const char *value)
{
    for (const char *c = value != NULL ? value : ""; *c != '\0'; c++) {
        switch (*c) {
        case '&':
            text_append_string(out, "&amp;");
            break;
        case '<':
            text_append_string(out, "&lt;");
            break;
        case '>':
            text_append_string(out, "&gt;");
            break;
        case '"':
            text_append_string(out, "&quot;");
            break;
        case '\'':
            text_append_string(out, "&#39;");
            break;
        default:
            if ((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') {
                text_append_string(out, "\xef\xbf\xbd");
            } else {
                text_append_char(out, *c);
            }
        }
    }
}
