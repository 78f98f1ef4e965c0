#include "outside/db/db_wal.h"

#include <stddef.h>
#include <stdio.h>

/* The flag is read after the write, which is what takes long. */
static int wal_write(sqlite3_file *file, const void *from, int bytes, sqlite3_int64 at) {
    const struct db_wal *wal =
        (const void *)((const char *)file->pMethods - offsetof(struct db_wal, methods));
    int code = wal->real_methods->xWrite(file, from, bytes, at);
    const atomic_bool *given_up = *wal->given_up;
    return code == SQLITE_OK && given_up && atomic_load(given_up) ? SQLITE_IOERR_WRITE : code;
}

/* The file is SQLite's own; only its table of functions is replaced by a copy that writes here. */
static int wal_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    struct db_wal *wal = vfs->pAppData;
    int code = wal->real->xOpen(wal->real, name, file, flags, out);
    if (flags & SQLITE_OPEN_WAL && file->pMethods) {
        wal->real_methods = file->pMethods;
        wal->methods = *file->pMethods;
        wal->methods.xWrite = wal_write;
        file->pMethods = &wal->methods;
    }
    return code;
}

const char *db_wal_register(struct db_wal *wal, const atomic_bool *const *given_up) {
    wal->real = sqlite3_vfs_find(NULL);
    if (!wal->real)
        return NULL;
    wal->given_up = given_up;
    snprintf(wal->name, sizeof wal->name, "prosa-%p", (void *)wal);
    wal->vfs = *wal->real;
    wal->vfs.pNext = NULL;
    wal->vfs.zName = wal->name;
    wal->vfs.pAppData = wal;
    wal->vfs.xOpen = wal_open;
    return sqlite3_vfs_register(&wal->vfs, 0) == SQLITE_OK ? wal->name : NULL;
}

void db_wal_unregister(struct db_wal *wal) {
    if (wal->vfs.zName)
        sqlite3_vfs_unregister(&wal->vfs);
}
