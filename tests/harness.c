/* harness.c - a table of claims, run by CUnit. */
#include "harness.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool harness_expect(bool holds, const char *text, const char *file, int line)
{
    return CU_assertImplementation(holds, (unsigned) line, text, file, "", CU_FALSE) != CU_FALSE;
}

bool harness_expect_status(apr_status_t expected, apr_status_t status, const char *text, const char *file, int line)
{
    char buffer[120];

    if (status != expected)
        (void) fprintf(stderr, "\n%s:%d: %s: %d, expected %d, %s.\n  Last failure: %s\n", file, line, text,
                       (int) status, (int) expected, brood_strerror(expected, buffer, sizeof buffer),
                       brood_last_error()->message);
    return harness_expect(status == expected, text, file, line);
}

bool harness_expect_text(const char *expected, const char *actual, const char *text, const char *file, int line)
{
    bool same = actual != NULL && strcmp(expected, actual) == 0;

    if (!same)
        (void) fprintf(stderr, "\n%s:%d: %s: \"%s\", expected \"%s\"\n", file, line, text,
                       actual == NULL ? "(NULL)" : actual, expected);
    return harness_expect(same, text, file, line);
}

bool harness_expect_message(const char *part, const char *file, int line)
{
    bool found = strstr(brood_last_error()->message, part) != NULL;

    if (!found)
        (void) fprintf(stderr, "\n%s:%d: message \"%s\" does not contain \"%s\"\n", file, line,
                       brood_last_error()->message, part);
    return harness_expect(found, part, file, line);
}

int harness_run(const char *suite, const brood_test_t *tests, size_t count)
{
    CU_pSuite registered;
    unsigned failures, run;
    size_t i;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    registered = CU_add_suite(suite, NULL, NULL);
    for (i = 0; registered != NULL && i < count; i++)
        if (CU_add_test(registered, tests[i].name, tests[i].run) == NULL)
            registered = NULL;
    if (registered == NULL) {
        (void) fprintf(stderr, "%s: %s\n", suite, CU_get_error_msg());
        CU_cleanup_registry();
        return EXIT_FAILURE;
    }
    CU_basic_set_mode(CU_BRM_NORMAL);
    (void) CU_basic_run_tests();
    failures = CU_get_number_of_failures() + CU_get_number_of_tests_failed() + CU_get_number_of_suites_failed();
    run = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    return failures == 0 && run == count && run != 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
