/* entry.c - the tables of functions that have names.
 *
 * All rows of all modules stand in one array that is sorted twice, by name and by function.  It is plain memory, not
 * a pool's: tables are registered before APR is initialized. */
#include "process/entry.h"

#include <stdlib.h>
#include <string.h>

typedef struct row_t {
    const char *full;       /* "module.function" */
    size_t size;            /* of `full` */
    size_t module_size;     /* of the "module." in it */
    brood_entry_fn entry;   /* NULL: it is something else */
    brood_kernel_fn kernel; /* NULL: likewise */
    const brood_type_t *type;
    size_t order; /* of registration: the first name of a function is its name */
} row_t;

static row_t *by_name;
static row_t *by_function;
static size_t row_count;
static uint64_t fingerprint; /* of all names */
static bool is_frozen;

static int compare_text(const char *a, size_t a_size, const char *b, size_t b_size)
{
    const int order = memcmp(a, b, a_size < b_size ? a_size : b_size);

    return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static int compare_names(const void *left, const void *right)
{
    const row_t *a = left;
    const row_t *b = right;

    return compare_text(a->full, a->size, b->full, b->size);
}

static uintptr_t place_of(const row_t *row)
{
    if (row->type != NULL)
        return (uintptr_t) row->type;
    return row->entry != NULL ? (uintptr_t) row->entry : (uintptr_t) row->kernel;
}

/* A linker may give an entry and a kernel one place. */
static int compare_places(const row_t *row, uintptr_t place, bool is_kernel)
{
    if (place_of(row) != place)
        return place_of(row) < place ? -1 : 1;
    return (row->kernel != NULL) - is_kernel;
}

static int compare_functions(const void *left, const void *right)
{
    const row_t *a = left;
    const row_t *b = right;
    const int order = compare_places(a, place_of(b), b->kernel != NULL);

    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

/* The first row of this function. */
static const row_t *find(uintptr_t place, bool is_kernel)
{
    size_t low = 0;
    size_t high = row_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (compare_places(&by_function[middle], place, is_kernel) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < row_count && compare_places(&by_function[low], place, is_kernel) == 0 ? &by_function[low] : NULL;
}

static const row_t *find_entry(brood_entry_fn entry)
{
    return find((uintptr_t) entry, false);
}

/* The first row whose name is not before this one. */
static size_t find_place(const char *name, size_t size)
{
    size_t low = 0;
    size_t high = row_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (compare_text(by_name[middle].full, by_name[middle].size, name, size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

brood_entry_fn brood__entry_by_name(const char *name, size_t size)
{
    const size_t place = find_place(name, size);

    if (place == row_count || by_name[place].size != size || memcmp(by_name[place].full, name, size) != 0)
        return NULL;
    return by_name[place].entry;
}

const char *brood__entry_full_name(brood_entry_fn entry)
{
    const row_t *row = find_entry(entry);

    return row != NULL ? row->full : NULL;
}

const char *brood_entry_name(brood_entry_fn entry)
{
    const row_t *row = find_entry(entry);

    return row != NULL ? row->full + row->module_size : NULL;
}

static apr_status_t require(const row_t *row, uintptr_t place)
{
    if (row != NULL)
        return APR_SUCCESS;
    if (place == 0)
        return brood_fail(BROOD_EENTRY, "there is no function: NULL was given");
    return brood_fail(BROOD_EENTRY, "function at 0x%llx is in no entry table: list it in BROOD_MAIN or brood_register",
                      (unsigned long long) place);
}

apr_status_t brood__entry_require(const char **name, brood_entry_fn entry)
{
    const row_t *row = find_entry(entry);

    BROOD_TRY(require(row, (uintptr_t) entry));
    *name = row->full;
    return APR_SUCCESS;
}

/* ---- by number ---- */

static uint32_t number_of(const row_t *row)
{
    const row_t *named = row == NULL ? NULL : bsearch(row, by_name, row_count, sizeof *by_name, compare_names);

    return named != NULL ? (uint32_t) (named - by_name) : UINT32_MAX;
}

uint32_t brood__entry_number(brood_entry_fn entry)
{
    return number_of(find_entry(entry));
}

brood_entry_fn brood__entry_at(uint32_t number)
{
    return number < row_count ? by_name[number].entry : NULL;
}

apr_status_t brood__kernel_number(uint32_t *number, brood_kernel_fn kernel)
{
    const row_t *row = find((uintptr_t) kernel, true);

    BROOD_TRY(require(row, (uintptr_t) kernel));
    *number = number_of(row);
    return APR_SUCCESS;
}

brood_kernel_fn brood__kernel_at(uint32_t number)
{
    return number < row_count ? by_name[number].kernel : NULL;
}

const brood_type_t *brood__program_type(const char *name, size_t size)
{
    for (size_t i = 0; i < row_count; i++) {
        const brood_type_t *type = by_name[i].type;

        if (type != NULL && type->name != NULL && strlen(type->name) == size && memcmp(type->name, name, size) == 0)
            return type;
    }
    return NULL;
}

const char *brood__entry_name_at(uint32_t number)
{
    return number < row_count ? by_name[number].full + by_name[number].module_size : NULL;
}

static uint64_t take_fingerprint(void)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

    for (size_t i = 0; i < row_count; i++)
        for (size_t j = 0; j <= by_name[i].size; j++) { /* with the NUL, so that names cannot run together */
            hash ^= (unsigned char) by_name[i].full[j];
            hash *= UINT64_C(1099511628211);
        }
    return hash;
}

uint64_t brood__entry_fingerprint(void)
{
    return fingerprint;
}

void brood__entry_freeze(bool frozen)
{
    is_frozen = frozen;
}

static apr_status_t check_module(const char *module)
{
    size_t size;

    if (module == NULL || *module == '\0' || strchr(module, '.') != NULL)
        return brood_fail(APR_EINVAL, "a module needs a name without a dot, not %s", module != NULL ? module : "NULL");
    size = strlen(module);
    for (size_t i = 0; i < row_count; i++)
        if (by_name[i].module_size == size + 1 && memcmp(by_name[i].full, module, size) == 0)
            return brood_fail(APR_EEXIST, "there is a module %s already", module);
    return APR_SUCCESS;
}

/* One row of the table, its full name in memory of its own. */
static apr_status_t make_row(row_t *row, const char *module, const brood_entry_t *entry, size_t order)
{
    const size_t module_size = strlen(module);
    size_t name_size;
    char *full;

    if (entry->name == NULL || *entry->name == '\0')
        return brood_fail(APR_EINVAL, "a row of module %s has no name", module);
    if ((entry->entry != NULL) + (entry->kernel != NULL) + (entry->type != NULL) != 1)
        return brood_fail(APR_EINVAL, "%s of module %s is to be one of an entry, a kernel and a type", entry->name,
                          module);
    name_size = strlen(entry->name);
    full = malloc(module_size + name_size + 2);
    if (full == NULL)
        return brood_fail(APR_ENOMEM, "no memory for the table of module %s", module);
    memcpy(full, module, module_size);
    full[module_size] = '.';
    memcpy(full + module_size + 1, entry->name, name_size + 1);
    row->full = full;
    row->size = module_size + 1 + name_size;
    row->module_size = module_size + 1;
    row->entry = entry->entry;
    row->kernel = entry->kernel;
    row->type = entry->type;
    row->order = order;
    return APR_SUCCESS;
}

static void drop_rows(row_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *) rows[i].full);
}

/* The old rows and those of the module, sorted by name in *names.  Only the module's can come twice. */
static apr_status_t merge(row_t *names, const char *module, const brood_entry_t *entries, size_t count)
{
    apr_status_t rc = APR_SUCCESS;
    size_t made = 0;

    while (made < count && rc == APR_SUCCESS) {
        rc = make_row(&names[made], module, &entries[made], row_count + made);
        if (rc == APR_SUCCESS)
            made++;
    }
    qsort(names, made, sizeof *names, compare_names);
    for (size_t i = 1; i < made && rc == APR_SUCCESS; i++)
        if (compare_names(&names[i - 1], &names[i]) == 0)
            rc = brood_fail(APR_EINVAL, "%s is listed twice", names[i].full);
    if (rc != APR_SUCCESS) {
        drop_rows(names, made);
        return rc;
    }
    if (row_count != 0)
        memcpy(names + count, by_name, row_count * sizeof *names);
    qsort(names, count + row_count, sizeof *names, compare_names);
    return APR_SUCCESS;
}

static bool is_end(const brood_entry_t *row)
{
    return row->name == NULL && row->entry == NULL && row->kernel == NULL && row->type == NULL;
}

apr_status_t brood_register(const char *module, const brood_entry_t *entries)
{
    size_t count = 0;
    row_t *names, *functions;
    apr_status_t rc;

    if (is_frozen)
        return brood_fail(BROOD_EMISUSE, "brood_init has run: too late to register module %s",
                          module != NULL ? module : "");
    BROOD_TRY(check_module(module));
    while (entries != NULL && !is_end(&entries[count]))
        count++;
    if (count == 0)
        return APR_SUCCESS;
    names = malloc((row_count + count) * sizeof *names);
    functions = malloc((row_count + count) * sizeof *functions);
    if (names == NULL || functions == NULL)
        rc = brood_fail(APR_ENOMEM, "no memory for the table of module %s", module);
    else
        rc = merge(names, module, entries, count);
    if (rc != APR_SUCCESS) {
        free(names);
        free(functions);
        return rc;
    }
    free(by_name);
    free(by_function);
    row_count += count;
    by_name = names;
    by_function = memcpy(functions, names, row_count * sizeof *names);
    qsort(by_function, row_count, sizeof *by_function, compare_functions);
    fingerprint = take_fingerprint();
    return APR_SUCCESS;
}

void brood__entry_clear(void)
{
    drop_rows(by_name, row_count);
    free(by_name);
    free(by_function);
    by_name = by_function = NULL;
    row_count = 0;
    fingerprint = 0;
}
