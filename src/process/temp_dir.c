/* temp_dir.c - a directory for this process alone. */
#include "process/exit.h"

#include "base/own.h"
#include "base/report.h"
#include "base/status.h"
#include "process/family_state.h"
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#define OWNER_ONLY (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE)

typedef struct entry_t {
    const char *path;
    apr_filetype_e type;
} entry_t;

/* Absolute, since the program may go to another directory. */
static apr_status_t choose_path(char **path, apr_pool_t *mem)
{
    unsigned char random[16];
    char name[2 * sizeof random + 1];
    const char *parent;

    BROOD_TRY(apr_temp_dir_get(&parent, mem));
    BROOD_TRY(brood__self_random(random, sizeof random));
    for (size_t i = 0; i < sizeof random; i++)
        (void) apr_snprintf(name + 2 * i, 3, "%02x", random[i]);
    return apr_filepath_merge(path, NULL, apr_pstrcat(mem, parent, "/brood-", name, NULL), 0, mem);
}

static apr_status_t make(brood__family_t *family)
{
    apr_pool_t *mem;
    char *path;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&mem));
    rc = choose_path(&path, mem);
    if (rc == APR_SUCCESS)
        rc = apr_dir_make(path, OWNER_ONLY, mem);
    if (rc != APR_SUCCESS) {
        apr_pool_destroy(mem);
        return brood_fail(rc, "cannot make a temporary directory");
    }
    family->temp_mem = mem;
    family->temp_dir = path;
    return APR_SUCCESS;
}

apr_status_t brood_temp_dir(const char **path)
{
    brood__family_t *family = &brood__family;
    apr_status_t rc = APR_SUCCESS;

    BROOD_TRY(brood__family_member());
    brood__family_lock();
    if (family->temp_gone)
        rc = brood_fail(BROOD_EMISUSE, "this process is ending: its temporary directory is gone");
    else if (family->temp_dir == NULL)
        rc = make(family);
    if (rc == APR_SUCCESS)
        *path = family->temp_dir;
    brood__family_unlock();
    return rc;
}

/* ---- its end ---- */

static apr_status_t remove_file(const char *path, apr_pool_t *mem)
{
    apr_status_t rc = apr_file_remove(path, mem);

    /* On Windows a link to a directory is a directory; without what it leads to. */
    return rc == APR_SUCCESS || apr_dir_remove(path, mem) == APR_SUCCESS ? APR_SUCCESS : rc;
}

static apr_status_t remove_tree(const char *path, apr_pool_t *mem);

/* What apr_dir_read says of a link is that it is one: it is not followed. */
static apr_status_t remove_entry(const char *path, apr_filetype_e type, apr_pool_t *mem)
{
    const apr_status_t rc = type == APR_DIR ? remove_tree(path, mem) : remove_file(path, mem);

    return APR_STATUS_IS_ENOENT(rc) ? APR_SUCCESS : rc;
}

/* All that is in it; read to the end before anything is removed, since to remove while reading may skip some. */
static apr_status_t read_all(apr_array_header_t *entries, const char *path, apr_pool_t *mem)
{
    apr_finfo_t entry;
    apr_dir_t *directory;

    BROOD_TRY(apr_dir_open(&directory, path, mem));
    while (apr_dir_read(&entry, APR_FINFO_NAME | APR_FINFO_TYPE, directory) == APR_SUCCESS)
        if (strcmp(entry.name, ".") != 0 && strcmp(entry.name, "..") != 0)
            APR_ARRAY_PUSH(entries, entry_t) = (entry_t){apr_pstrcat(mem, path, "/", entry.name, NULL), entry.filetype};
    return apr_dir_close(directory);
}

static apr_status_t remove_tree(const char *path, apr_pool_t *mem)
{
    apr_array_header_t *entries;
    apr_pool_t *own;
    apr_status_t rc;

    BROOD_TRY(apr_pool_create(&own, mem));
    entries = apr_array_make(own, 16, sizeof(entry_t));
    rc = read_all(entries, path, own);
    for (int i = 0; i < entries->nelts; i++) {
        const entry_t entry = APR_ARRAY_IDX(entries, i, entry_t);
        const apr_status_t removed = remove_entry(entry.path, entry.type, own);

        rc = rc == APR_SUCCESS ? removed : rc;
    }
    if (rc == APR_SUCCESS)
        rc = apr_dir_remove(path, own);
    apr_pool_destroy(own);
    return rc;
}

void brood__temp_dir_remove(void)
{
    brood__family_t *family = &brood__family;
    apr_pool_t *mem;
    char text[200];
    apr_status_t rc;

    brood__family_lock();
    family->temp_gone = true;
    mem = family->temp_mem;
    family->temp_mem = NULL;
    brood__family_unlock();
    if (mem == NULL)
        return;
    rc = remove_entry(family->temp_dir, APR_DIR, mem);
    if (rc != APR_SUCCESS)
        brood__report("%s: its temporary directory %s cannot be removed: %s", family->self.name, family->temp_dir,
                      brood_strerror(rc, text, sizeof text));
    family->temp_dir = NULL;
    apr_pool_destroy(mem);
}
