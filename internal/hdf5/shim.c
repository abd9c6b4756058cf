#include "shim.h"

#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Errors. The library keeps a stack of them per thread, from the innermost function to the one that was called.

typedef struct {
	const char *inner, *outer;
} ends;

static herr_t on_error(unsigned n, const H5E_error2_t *e, void *data) {
	ends *s = data;
	if (n == 0) s->inner = e->desc;
	s->outer = e->desc;
	return 0;
}

void shim_error(char *text, size_t size) {
	ends s = {NULL, NULL};
	H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, on_error, &s);
	if (!s.inner || !s.outer)
		snprintf(text, size, "unknown error of the HDF5 library");
	else if (s.inner == s.outer)
		snprintf(text, size, "%s", s.inner);
	else
		snprintf(text, size, "%s: %s", s.outer, s.inner);
}

// Names.

static int add_name(shim_names *names, const char *name) {
	size_t size = strlen(name) + 1;
	if (names->length + size > names->capacity) {
		size_t capacity = 2 * names->capacity + size;
		char *text = realloc(names->text, capacity);
		if (!text) return -1;
		names->text = text;
		names->capacity = capacity;
	}
	memcpy(names->text + names->length, name, size);
	names->length += size;
	return 0;
}

static herr_t on_object(hid_t root, const char *name, const H5O_info_t *info, void *data) {
	(void)root;
	if (info->type != H5O_TYPE_DATASET) return 0;
	char address[24];
	snprintf(address, sizeof address, "%llu", (unsigned long long)info->addr);
	return add_name(data, address) < 0 ? -1 : add_name(data, name);
}

// Every dataset once, its address and one of its names; the library guards itself against cycles. Soft and external links are not followed.
// Here and below the order is the file's own: for any other, release 1.10.8 sorts a table that it frees before it filled it when a
// damaged file stops it half-way.
int shim_datasets(hid_t file, shim_names *names) {
	return H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, on_object, names, H5O_INFO_BASIC);
}

// When the link was made, counted in its group; -1 where the file does not keep that.
int64_t shim_created(hid_t file, const char *path) {
	H5L_info_t info;
	if (H5Lget_info(file, path, &info, H5P_DEFAULT) < 0 || !info.corder_valid) return -1;
	return info.corder;
}

static herr_t on_attribute(hid_t object, const char *name, const H5A_info_t *info, void *data) {
	(void)object, (void)info;
	return add_name(data, name);
}

int shim_attributes(hid_t object, shim_names *names) {
	return H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, on_attribute, names);
}

int shim_has_attribute(hid_t object, const char *name) { return H5Aexists(object, name); }

static herr_t on_scale(hid_t dataset, unsigned axis, hid_t scale, void *data) {
	(void)dataset, (void)axis;
	ssize_t length = H5Iget_name(scale, NULL, 0);
	if (length < 0) return -1;
	char *name = malloc((size_t)length + 1);
	if (!name) return -1;
	name[0] = 0;
	int rc = H5Iget_name(scale, name, (size_t)length + 1) < 0 ? -1 : add_name(data, name);
	free(name);
	return rc < 0 ? -1 : 1; // the first is enough
}

// The path of the first scale attached to an axis, or nothing.
int shim_dimension(hid_t dataset, unsigned axis, shim_names *names) {
	return H5DSiterate_scales(dataset, axis, NULL, on_scale, names);
}

int shim_is_scale(hid_t dataset) { return H5DSis_scale(dataset); }

// Elements.

static int is_attribute(hid_t object) { return H5Iget_type(object) == H5I_ATTR; }

static hid_t type_of(hid_t object) { return is_attribute(object) ? H5Aget_type(object) : H5Dget_type(object); }

static int describe_layout(hid_t dataset, shim_elements *e) {
	hid_t create = H5Dget_create_plist(dataset);
	if (create < 0) return -1;
	int layout = H5Pget_layout(create), external = H5Pget_external_count(create);
	H5Pclose(create);
	if (layout < 0 || external < 0) return -1;
	e->elsewhere = layout == H5D_VIRTUAL || external > 0;
	return 0;
}

int shim_describe(hid_t object, shim_elements *e) {
	memset(e, 0, sizeof *e);
	hid_t type = type_of(object);
	if (type < 0) return -1;
	int rc = 0;
	e->class_ = H5Tget_class(type);
	e->size = H5Tget_size(type);
	if (e->class_ < 0 || e->size == 0) rc = -1;
	if (e->class_ == H5T_STRING) {
		e->variable = H5Tis_variable_str(type);
		e->padding = H5Tget_strpad(type);
	}
	if (e->class_ == H5T_INTEGER) e->is_unsigned = H5Tget_sign(type) == H5T_SGN_NONE;
	H5Tclose(type);
	if (rc < 0 || e->variable < 0 || e->padding < 0) return -1;
	if (is_attribute(object)) {
		e->storage = H5Aget_storage_size(object);
		return 0;
	}
	e->storage = H5Dget_storage_size(object);
	return describe_layout(object, e);
}

// read_elements reads with a memory type into a buffer that has room for n elements, and only if exactly n were selected.
static int read_elements(hid_t object, hid_t memory, hid_t file, hid_t type, hid_t transfer, void *buffer, size_t n) {
	if (is_attribute(object)) {
		hid_t space = H5Aget_space(object);
		hssize_t points = H5Sget_simple_extent_npoints(space);
		H5Sclose(space);
		return points < 0 || (size_t)points != n ? -1 : H5Aread(object, type, buffer);
	}
	hssize_t into = H5Sget_select_npoints(memory), from = H5Sget_select_npoints(file);
	if (into < 0 || (size_t)into != n || from != into || H5Sget_simple_extent_npoints(memory) != into) return -1;
	return H5Dread(object, type, memory, file, transfer, buffer);
}

int shim_read_numbers(hid_t object, hid_t memory, hid_t file, shim_number number, void *buffer, size_t n) {
	hid_t type = number == SHIM_DOUBLE ? H5T_NATIVE_DOUBLE : number == SHIM_INT64 ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
	return read_elements(object, memory, file, type, H5P_DEFAULT, buffer, n);
}

// The addresses of the objects that the elements refer to; 0 where there is none. The library does not follow them.
int shim_read_references(hid_t object, hid_t memory, hid_t file, uint64_t *buffer, size_t n) {
	hid_t type = type_of(object);
	htri_t objects = type < 0 ? -1 : H5Tequal(type, H5T_STD_REF_OBJ);
	if (type >= 0) H5Tclose(type);
	if (objects <= 0 || sizeof(hobj_ref_t) != sizeof *buffer) return -1;
	return read_elements(object, memory, file, H5T_STD_REF_OBJ, H5P_DEFAULT, buffer, n);
}

// text_type is text of the given size in memory, with the padding and the character set of the file: the library converts neither.
static hid_t text_type(hid_t object, size_t size) {
	hid_t stored = type_of(object), type = H5Tcopy(H5T_C_S1);
	int bad = stored < 0 || type < 0 || H5Tset_size(type, size) < 0 || H5Tset_strpad(type, H5Tget_strpad(stored)) < 0 ||
	          H5Tset_cset(type, H5Tget_cset(stored)) < 0;
	if (stored >= 0) H5Tclose(stored);
	if (bad && type >= 0) H5Tclose(type);
	return bad ? -1 : type;
}

int shim_read_fixed(hid_t object, hid_t memory, hid_t file, char *buffer, size_t size, size_t n) {
	hid_t type = text_type(object, size);
	if (type < 0) return -1;
	int rc = read_elements(object, memory, file, type, H5P_DEFAULT, buffer, n);
	H5Tclose(type);
	return rc;
}

// Texts of variable length are allocated in blocks of which we keep the list: whatever happens they can be released, and a file that
// names one long text a million times meets the limit before it fills the memory.

struct shim_block {
	shim_block *next;
	char data[];
};

static void *allocate(size_t size, void *data) {
	shim_texts *texts = data;
	if (size > texts->left) return NULL;
	shim_block *block = malloc(sizeof *block + size);
	if (!block) return NULL;
	texts->left -= size;
	block->next = texts->blocks;
	texts->blocks = block;
	return block->data;
}

static void keep(void *block, void *data) { (void)block, (void)data; }

void shim_release(shim_texts *texts) {
	while (texts->blocks) {
		shim_block *next = texts->blocks->next;
		free(texts->blocks);
		texts->blocks = next;
	}
	free(texts->text);
	texts->text = NULL;
}

// H5Aread takes no allocator: its texts are copied to blocks and reclaimed at once.
static int read_attribute(hid_t attribute, hid_t type, size_t n, shim_texts *texts) {
	hid_t space = H5Aget_space(attribute);
	int rc = space < 0 ? -1 : read_elements(attribute, H5S_ALL, H5S_ALL, type, H5P_DEFAULT, texts->text, n);
	if (rc >= 0) {
		char **own = calloc(n ? n : 1, sizeof *own);
		for (size_t i = 0; own && i < n && rc >= 0; i++) {
			if (!texts->text[i]) continue;
			size_t size = strlen(texts->text[i]) + 1;
			if (!(own[i] = allocate(size, texts))) rc = -1;
			else memcpy(own[i], texts->text[i], size);
		}
		H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts->text);
		free(texts->text);
		texts->text = own;
		if (!own) rc = -1;
	}
	if (space >= 0) H5Sclose(space);
	return rc;
}

int shim_read_variable(hid_t object, hid_t memory, hid_t file, size_t n, size_t limit, shim_texts *texts) {
	texts->left = limit;
	texts->blocks = NULL;
	texts->text = calloc(n ? n : 1, sizeof *texts->text);
	if (!texts->text) return -1;
	hid_t type = text_type(object, H5T_VARIABLE);
	if (type < 0) return -1;
	int rc;
	if (is_attribute(object)) {
		rc = read_attribute(object, type, n, texts);
	} else {
		hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
		rc = transfer < 0 || H5Pset_vlen_mem_manager(transfer, allocate, texts, keep, NULL) < 0
		         ? -1
		         : read_elements(object, memory, file, type, transfer, texts->text, n);
		if (transfer >= 0) H5Pclose(transfer);
	}
	H5Tclose(type);
	return rc;
}
