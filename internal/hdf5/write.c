#include "write.h"

#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Calls into the library forget the errors of those before them: clean-up stands between hold and give_back, which keep them.
static hid_t hold(void) { return H5Eget_current_stack(); }
static void give_back(hid_t errors) { H5Eset_current_stack(errors); }

hid_t shim_create_file(const char *path) {
	hid_t create = H5Pcreate(H5P_FILE_CREATE);
	if (create < 0) return -1;
	hid_t file = -1;
	if (H5Pset_link_creation_order(create, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0 && H5Pset_obj_track_times(create, 0) >= 0)
		file = H5Fcreate(path, H5F_ACC_TRUNC, create, H5P_DEFAULT);
	hid_t errors = hold();
	H5Pclose(create);
	give_back(errors);
	return file;
}

// text_type is text of variable length in UTF-8.
static hid_t text_type(void) {
	hid_t type = H5Tcopy(H5T_C_S1);
	if (type >= 0 && (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
		H5Tclose(type);
		return -1;
	}
	return type;
}

// create makes a dataset without a time stamp: the same content is to give the same bytes. With early set, its space is set aside at
// once, so that where things lie does not depend on the order of writing.
static hid_t create(hid_t file, const char *name, hid_t type, unsigned rank, const hsize_t *shape, int early) {
	hid_t space = H5Screate_simple((int)rank, shape, NULL), properties = H5Pcreate(H5P_DATASET_CREATE), dataset = -1;
	int bad = space < 0 || properties < 0 || H5Pset_obj_track_times(properties, 0) < 0;
	if (!bad && early) bad = H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY) < 0;
	// Numbers are all written by the caller; texts need a value before that.
	if (!bad && early && H5Tget_class(type) != H5T_STRING) bad = H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER) < 0;
	if (!bad) dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
	hid_t errors = hold();
	if (properties >= 0) H5Pclose(properties);
	if (space >= 0) H5Sclose(space);
	give_back(errors);
	return dataset;
}

// Source: netcdf-c, libhdf5/nc4hdf.c, write_dim.
hid_t shim_create_scale(hid_t file, const char *name, hsize_t n) {
	hid_t scale = create(file, name, H5T_IEEE_F32BE, 1, &n, 0);
	if (scale < 0) return -1;
	char title[100];
	snprintf(title, sizeof title, "This is a netCDF dimension but not a netCDF variable.%10d", (int)n);
	if (H5DSset_scale(scale, title) >= 0) return scale;
	hid_t errors = hold();
	H5Dclose(scale);
	give_back(errors);
	return -1;
}

hid_t shim_create_variable(hid_t file, const char *name, shim_stored stored, unsigned rank, const hid_t *scales) {
	hsize_t shape[H5S_MAX_RANK];
	for (unsigned axis = 0; axis < rank; axis++) {
		hid_t space = H5Dget_space(scales[axis]);
		int known = space < 0 ? -1 : H5Sget_simple_extent_dims(space, &shape[axis], NULL);
		if (space >= 0) H5Sclose(space);
		if (known != 1) return -1;
	}
	hid_t type = stored == SHIM_FLOAT32 ? H5Tcopy(H5T_IEEE_F32LE) : stored == SHIM_INT32 ? H5Tcopy(H5T_STD_I32LE) : text_type();
	if (type < 0) return -1;
	hid_t dataset = create(file, name, type, rank, shape, 1);
	int rc = dataset < 0 ? -1 : 0;
	for (unsigned axis = 0; axis < rank && rc >= 0; axis++) rc = H5DSattach_scale(dataset, scales[axis], axis);
	hid_t errors = hold();
	H5Tclose(type);
	if (rc < 0 && dataset >= 0) H5Dclose(dataset);
	give_back(errors);
	return rc < 0 ? -1 : dataset;
}

// The elements of REFERENCE_LIST are a reference (8 bytes), a number (4) and, in release 1.10, 4 bytes that fill up the C structure.
int shim_clean_scale(hid_t scale) {
	int is = H5Aexists(scale, "REFERENCE_LIST");
	if (is <= 0) return is;
	hid_t list = H5Aopen(scale, "REFERENCE_LIST", H5P_DEFAULT);
	if (list < 0) return -1;
	hid_t type = H5Aget_type(list), space = H5Aget_space(list);
	hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
	size_t size = type < 0 ? 0 : H5Tget_size(type);
	const size_t used = sizeof(hobj_ref_t) + sizeof(unsigned);
	int rc = -1;
	char *elements = n > 0 && size >= used ? malloc((size_t)n * size) : NULL;
	if (elements && H5Aread(list, type, elements) >= 0) {
		for (hssize_t i = 0; i < n; i++) memset(elements + (size_t)i * size + used, 0, size - used);
		rc = H5Awrite(list, type, elements);
	}
	free(elements);
	hid_t errors = hold();
	if (type >= 0) H5Tclose(type);
	if (space >= 0) H5Sclose(space);
	H5Aclose(list);
	give_back(errors);
	return rc;
}

static int write_texts(hid_t dataset, hid_t memory, hid_t file, size_t n, const char *text) {
	const char **texts = malloc((n ? n : 1) * sizeof *texts);
	hid_t type = text_type();
	int rc = -1;
	if (texts && type >= 0) {
		for (size_t i = 0; i < n; i++, text += strlen(text) + 1) texts[i] = text;
		rc = H5Dwrite(dataset, type, memory, file, H5P_DEFAULT, texts);
	}
	hid_t errors = hold();
	if (type >= 0) H5Tclose(type);
	give_back(errors);
	free(texts);
	return rc;
}

int shim_write(hid_t dataset, shim_stored stored, const hsize_t *start, const hsize_t *count, const void *values) {
	hid_t file = H5Dget_space(dataset);
	if (file < 0) return -1;
	int rc = -1, rank = H5Sget_simple_extent_ndims(file);
	hid_t memory = rank < 0 ? -1 : H5Screate_simple(rank, count, NULL);
	if (memory >= 0 && H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, count, NULL) >= 0) {
		hssize_t n = H5Sget_simple_extent_npoints(memory);
		if (stored == SHIM_TEXT)
			rc = n < 0 ? -1 : write_texts(dataset, memory, file, (size_t)n, values);
		else
			rc = H5Dwrite(dataset, stored == SHIM_FLOAT32 ? H5T_NATIVE_FLOAT : H5T_NATIVE_INT32, memory, file, H5P_DEFAULT, values);
	}
	hid_t errors = hold();
	if (memory >= 0) H5Sclose(memory);
	H5Sclose(file);
	give_back(errors);
	return rc;
}

int shim_set_text(hid_t object, const char *name, const char *value, size_t length) {
	hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR), attribute = -1;
	int rc = -1;
	if (type >= 0 && space >= 0 && H5Tset_size(type, length ? length : 1) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
		attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
	if (attribute >= 0) rc = H5Awrite(attribute, type, value);
	hid_t errors = hold();
	if (attribute >= 0) H5Aclose(attribute);
	if (type >= 0) H5Tclose(type);
	if (space >= 0) H5Sclose(space);
	give_back(errors);
	return rc;
}
