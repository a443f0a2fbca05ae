/* named.c - sections of the paging file with a name. */
#include "win32/os.h"

#include "platform/named.h"
#include <string.h>

#define NAME_LONGEST 200 /* bytes; the system's own limit is beyond it */

const char *const brood__named_prefix = "wnsm_";
const bool brood__named_stays = false;

static const brood__named_t nothing = {NULL, 0, 0, BROOD__NO_HANDLE};

/* A name as the system wants it. */
typedef struct path_t {
    WCHAR text[NAME_LONGEST + 1];
} path_t;

static path_t path_of(const char *name)
{
    path_t path;

    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name, -1, path.text, NAME_LONGEST + 1) == 0)
        path.text[0] = L'\0';
    return path;
}

apr_status_t brood__named_check(const char *name)
{
    const size_t size = strlen(name);

    return size == 0 || size > NAME_LONGEST || strpbrk(name, "/\\") != NULL || path_of(name).text[0] == L'\0'
               ? APR_EINVAL
               : APR_SUCCESS;
}

/* Takes the section over.  `size` 0: as it is, in whole pages. */
static apr_status_t map(brood__named_t *named, HANDLE section, uint64_t size)
{
    MEMORY_BASIC_INFORMATION region;
    void *base = (SIZE_T) size == size ? MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, (SIZE_T) size) : NULL;

    if (base == NULL || (size == 0 && VirtualQuery(base, &region, sizeof region) == 0)) {
        const apr_status_t rc = brood__os_memory_status(GetLastError());

        if (base != NULL)
            UnmapViewOfFile(base);
        CloseHandle(section);
        return rc == APR_SUCCESS ? APR_ENOMEM : rc;
    }
    named->base = base;
    named->size = size == 0 ? region.RegionSize : size;
    named->handle = (brood__handle_t) section;
    return APR_SUCCESS;
}

apr_status_t brood__named_create(brood__named_t *named, const char *name, uint64_t size,
                                 void (*note)(void *data, uint64_t identity), void *data)
{
    const path_t path = path_of(name);
    HANDLE section =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, (DWORD) (size >> 32), (DWORD) size, path.text);

    *named = nothing;
    if (section == NULL)
        return GetLastError() == ERROR_INVALID_HANDLE ? APR_EEXIST : brood__os_memory_status(GetLastError());
    if (GetLastError() == ERROR_ALREADY_EXISTS) {
        CloseHandle(section);
        return APR_EEXIST;
    }
    note(data, 0);
    return map(named, section, size);
}

apr_status_t brood__named_open(brood__named_t *named, const char *name)
{
    const path_t path = path_of(name);
    HANDLE section = OpenFileMappingW(FILE_MAP_ALL_ACCESS, FALSE, path.text);

    *named = nothing;
    if (section == NULL)
        return GetLastError() == ERROR_FILE_NOT_FOUND ? APR_ENOENT : brood__os_status(GetLastError());
    return map(named, section, 0);
}

apr_status_t brood__named_unlink(const char *name, uint64_t identity)
{
    (void) name;
    (void) identity;
    return APR_ENOTIMPL;
}

void brood__named_close(brood__named_t *named)
{
    if (named->base == NULL)
        return;
    UnmapViewOfFile(named->base);
    CloseHandle(brood__os_handle(named->handle));
    *named = nothing;
}
