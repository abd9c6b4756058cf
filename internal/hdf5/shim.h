// What gonum.org/v1/hdf5 lacks of the HDF5 library. Functions that return int or ssize_t return a negative number on failure, after which
// shim_error says why. All are called with the library locked and errors silenced on the calling thread.
#ifndef VENTRAL_HDF5_SHIM_H
#define VENTRAL_HDF5_SHIM_H

#include <hdf5.h>

// A list of names, each ended by NUL. Release with free(text).
typedef struct {
	char *text;
	size_t length, capacity;
} shim_names;

// What the elements of a dataset or an attribute are.
typedef struct {
	int class_;         // H5T_class_t
	int variable;       // text of variable length
	int padding;        // H5T_str_t of fixed text
	int is_unsigned;    // of whole numbers
	size_t size;        // bytes of one element in the file
	hsize_t storage;    // bytes that all elements take in the file
	int elsewhere;      // they lie in other files
} shim_elements;

typedef enum { SHIM_DOUBLE, SHIM_INT64, SHIM_UINT64 } shim_number;

// Texts of variable length as they were read. Release with shim_release.
typedef struct shim_block shim_block;
typedef struct {
	char **text;        // may hold NULL, for an empty text
	shim_block *blocks;
	size_t left;        // bytes that may still be allocated
} shim_texts;

void shim_error(char *text, size_t size);
int shim_datasets(hid_t file, shim_names *names);
int64_t shim_created(hid_t file, const char *path);
int shim_attributes(hid_t object, shim_names *names);
int shim_has_attribute(hid_t object, const char *name);
int shim_dimension(hid_t dataset, unsigned axis, shim_names *names);
int shim_is_scale(hid_t dataset);
int shim_describe(hid_t object, shim_elements *e);
// The readers take a dataset with the two dataspaces of H5Dread, or an attribute, of which all is read. n is the room in the buffer.
int shim_read_numbers(hid_t object, hid_t memory, hid_t file, shim_number number, void *buffer, size_t n);
int shim_read_references(hid_t object, hid_t memory, hid_t file, uint64_t *buffer, size_t n);
int shim_read_fixed(hid_t object, hid_t memory, hid_t file, char *buffer, size_t size, size_t n);
int shim_read_variable(hid_t object, hid_t memory, hid_t file, size_t n, size_t limit, shim_texts *texts);
void shim_release(shim_texts *texts);

#endif
