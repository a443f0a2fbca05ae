/* harness.h - what every test program needs: a table of claims, run by CUnit.
 *
 * A test's name is its claim.  An expectation that fails says where and why; the test goes on. */
#ifndef BROOD_TESTS_HARNESS_H
#define BROOD_TESTS_HARNESS_H

#include <brood/status.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct brood_test_t {
    const char *name;
    void (*run)(void);
} brood_test_t;

/* A row of the table. */
#define TEST(function)      \
    {                       \
#function, function \
    }

/* Run them in this order.  Returns main's exit code: not 0 if something failed or if no test ran. */
int harness_run(const char *suite, const brood_test_t *tests, size_t count);

/* Under the macros below. */
bool harness_expect(bool holds, const char *text, const char *file, int line);
bool harness_expect_status(apr_status_t expected, apr_status_t status, const char *text, const char *file, int line);
bool harness_expect_text(const char *expected, const char *actual, const char *text, const char *file, int line);
bool harness_expect_message(const char *part, const char *file, int line);

/* All are true if the expectation holds. */
#define EXPECT(condition) harness_expect((condition), #condition, __FILE__, __LINE__)
#define EXPECT_STATUS(expected, call) harness_expect_status((expected), (call), #call, __FILE__, __LINE__)
#define EXPECT_OK(call) harness_expect_status(APR_SUCCESS, (call), #call, __FILE__, __LINE__)
#define EXPECT_TEXT(expected, actual) harness_expect_text((expected), (actual), #actual, __FILE__, __LINE__)

/* The message of this thread's last failure contains `part`. */
#define EXPECT_MESSAGE(part) harness_expect_message((part), __FILE__, __LINE__)

#endif
