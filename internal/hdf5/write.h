// Writing of netCDF-4 files: what write.go needs of the HDF5 library. Functions that return int or hid_t return a negative number on
// failure, after which shim_error says why. All are called with the library locked and errors silenced on the calling thread.
#ifndef VENTRAL_HDF5_WRITE_H
#define VENTRAL_HDF5_WRITE_H

#include <hdf5.h>

typedef enum { SHIM_FLOAT32, SHIM_INT32, SHIM_TEXT } shim_stored;

// A new file, which must not exist, whose objects are listed in the order in which they were made.
hid_t shim_create_file(const char *path);
// A dimension scale of n entries without coordinates, as netCDF-4 writes a dimension that no variable is called after.
hid_t shim_create_scale(hid_t file, const char *name, hsize_t n);
// A dataset whose axes are the scales, in one piece, the space for which is set aside at once.
hid_t shim_create_variable(hid_t file, const char *name, shim_stored type, unsigned rank, const hid_t *scales);
// Sets the bytes to zero that the library leaves undefined in a scale's list of the datasets that it is attached to.
int shim_clean_scale(hid_t scale);
// Writes the hyperslab from start of count elements along each axis. values are as many; texts lie one behind the other, each ended by NUL.
int shim_write(hid_t dataset, shim_stored type, const hsize_t *start, const hsize_t *count, const void *values);
// Sets an attribute to a text of UTF-8.
int shim_set_text(hid_t object, const char *name, const char *value, size_t length);

#endif
