/*
 * base/err.h - error codes, and the failure that carries the words for a person.
 *
 * Functions return enum err and write their ret_ parameters on ERR_NONE only. Codes of nng, errno
 * and sqlite become enum err in the file that made the call. Where a person has to act, the
 * function also takes a struct failure and fills it with object, cause and next step.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_BASE_ERR_H
#define TUTTI_BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))
#define FORMAT_LIKE_PRINTF(text, first) __attribute__((format(printf, text, first)))

enum err {
    ERR_NONE = 0,
    ERR_MEMORY,      /* An allocation was refused. */
    ERR_FULL,        /* A bounded queue or table has no room; nothing was taken. */
    ERR_CLOSED,      /* The other side is gone; nothing was taken. */
    ERR_NOT_FOUND,   /* The named thing does not exist. */
    ERR_EXISTS,      /* The named thing exists already. */
    ERR_SYNTAX,      /* Text that cannot be read. */
    ERR_RANGE,       /* A value outside its limits. */
    ERR_OVERFLOW,    /* A decimal left its range. */
    ERR_IO,          /* The operating system refused a read or a write. */
    ERR_CORRUPT,     /* Stored data contradicts itself. */
    ERR_VERSION,     /* Stored data of a newer or a foreign version. */
    ERR_LOCKED,      /* Another process owns it. */
    ERR_STATE,       /* The call does not fit the state of the object. */
    ERR_DENIED,      /* A rule or a permission forbids it. */
    ERR_UNSUPPORTED, /* The object does not offer this. */
    ERR_LIMIT,       /* A named limit was reached (size, depth, count). */
    ERR_END,         /* Nothing more to read. */
};

enum { FAILURE_TEXT_MAX = 1024 };

/* What went wrong, for a person. Filled only when the function returned something else than
 * ERR_NONE; text is one line without a newline. */
struct failure {
    enum err code;
    char text[FAILURE_TEXT_MAX];
};

/* The stable lower-case name of a code, e.g. "not_found". */
const char *err_name(enum err code);

/* Fills *failure (which may be NULL) and returns code, so that a caller can write
 * `return failure_set(failure, ERR_IO, "%s: cannot open: %s", path, reason);`. */
enum err failure_set(struct failure *failure, enum err code, const char *format, ...)
    FORMAT_LIKE_PRINTF(3, 4);

/* For a file that open() refused with the errno `error`: ERR_NOT_FOUND where it is not there,
 * else ERR_IO. Of a relative path that leads nowhere the text says from which folder. */
enum err failure_set_unopened(struct failure *failure, const char *path, int error);

#endif
