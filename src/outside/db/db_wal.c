#include "outside/db/db_wal.h"

#include <stdio.h>

struct wal_file {
    sqlite3_file base;
    const struct db_wal *wal;
    sqlite3_file *real; /* in the memory behind this struct */
};

static struct wal_file *of(sqlite3_file *file) {
    return (struct wal_file *)file;
}

static sqlite3_file *real_of(sqlite3_file *file) {
    return of(file)->real;
}

static int close_file(sqlite3_file *file) {
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int read_file(sqlite3_file *file, void *out, int bytes, sqlite3_int64 at) {
    return real_of(file)->pMethods->xRead(real_of(file), out, bytes, at);
}

/* The flag is read after the write, which is what takes long. */
static int write_file(sqlite3_file *file, const void *from, int bytes, sqlite3_int64 at) {
    int code = real_of(file)->pMethods->xWrite(real_of(file), from, bytes, at);
    const atomic_bool *given_up = *of(file)->wal->given_up;
    return code == SQLITE_OK && given_up && atomic_load(given_up) ? SQLITE_IOERR_WRITE : code;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 bytes) {
    return real_of(file)->pMethods->xTruncate(real_of(file), bytes);
}

static int sync_file(sqlite3_file *file, int flags) {
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int size_file(sqlite3_file *file, sqlite3_int64 *bytes) {
    return real_of(file)->pMethods->xFileSize(real_of(file), bytes);
}

static int lock_file(sqlite3_file *file, int kind) {
    return real_of(file)->pMethods->xLock(real_of(file), kind);
}

static int unlock_file(sqlite3_file *file, int kind) {
    return real_of(file)->pMethods->xUnlock(real_of(file), kind);
}

static int check_lock(sqlite3_file *file, int *is_locked) {
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), is_locked);
}

static int control_file(sqlite3_file *file, int what, void *arg) {
    return real_of(file)->pMethods->xFileControl(real_of(file), what, arg);
}

static int sector_bytes(sqlite3_file *file) {
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int characteristics(sqlite3_file *file) {
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_file,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_lock,
    .xFileControl = control_file,
    .xSectorSize = sector_bytes,
    .xDeviceCharacteristics = characteristics,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    const struct db_wal *wal = vfs->pAppData;
    if (!(flags & SQLITE_OPEN_WAL))
        return wal->real->xOpen(wal->real, name, file, flags, out);
    struct wal_file *own = of(file);
    *own = (struct wal_file){.wal = wal, .real = (sqlite3_file *)(own + 1)};
    int code = wal->real->xOpen(wal->real, name, own->real, flags, out);
    if (own->real->pMethods)
        own->base.pMethods = &methods;
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
    wal->vfs.szOsFile += (int)sizeof(struct wal_file);
    wal->vfs.xOpen = open_file;
    return sqlite3_vfs_register(&wal->vfs, 0) == SQLITE_OK ? wal->name : NULL;
}

void db_wal_unregister(struct db_wal *wal) {
    if (wal->vfs.zName)
        sqlite3_vfs_unregister(&wal->vfs);
}
