package main

import (
	"os"
	"path/filepath"
)

// cacheFolder is where files are kept that can be had again: the environment's
// VENTRAL_CACHE, else ventral in the user's cache folder. It fails where there is
// neither.
func cacheFolder() (string, error) {
	if folder := os.Getenv("VENTRAL_CACHE"); folder != "" {
		return folder, nil
	}
	folder, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, "ventral"), nil
}

// momentsFolder is the part of it for means and deviations, "" where there is none.
func momentsFolder() string {
	folder, err := cacheFolder()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "moments")
}
