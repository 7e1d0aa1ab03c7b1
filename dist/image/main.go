// Writes an OCI layout of an image from scratch, without a daemon: kmsak-image LAYOUT VERSION SECONDS ARCHITECTURE=FOLDER...
package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The same as in examples/deploy/Dockerfile.
const user = "10001:10001"

// What registries show: of an image for several processors they read the index alone, of one the configuration.
func described(version string) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":         "kmsak",
		"org.opencontainers.image.description":   "Managed Alibaba Cloud AccessKeys for programs that nobody may change",
		"org.opencontainers.image.documentation": "https://github.com/kmsak/kmsak/blob/main/docs/agent.md",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.source":        "https://github.com/kmsak/kmsak",
		"org.opencontainers.image.version":       version,
	}
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(arguments []string) error {
	if len(arguments) < 4 {
		return fmt.Errorf("LAYOUT VERSION SECONDS ARCHITECTURE=FOLDER... are wanted")
	}
	folder, version := arguments[0], arguments[1]
	seconds, err := strconv.ParseInt(arguments[2], 10, 64)
	if err != nil {
		return err
	}
	at := time.Unix(seconds, 0).UTC()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, pair := range arguments[3:] {
		architecture, files, _ := strings.Cut(pair, "=")
		image, err := imageOf(architecture, version, at, files)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image,
			Descriptor: v1.Descriptor{
				MediaType: types.OCIManifestSchema1,
				Platform:  &v1.Platform{OS: "linux", Architecture: architecture},
			},
		})
	}
	index = mutate.Annotations(index, described(version)).(v1.ImageIndex)
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	return path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": version}))
}

func imageOf(architecture, version string, at time.Time, files string) (v1.Image, error) {
	packed, err := pack(files, at)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: at}, CreatedBy: "COPY kmsak"}})
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, configured(image, architecture, version, at))
}

func configured(image v1.Image, architecture, version string, at time.Time) *v1.ConfigFile {
	config, err := image.ConfigFile()
	if err != nil {
		log.Fatal(err)
	}
	config = config.DeepCopy()
	config.Architecture, config.OS, config.Created = architecture, "linux", v1.Time{Time: at}
	config.Config = v1.Config{
		User:       user,
		Env:        []string{"PATH=/usr/local/bin"},
		Entrypoint: []string{"/usr/local/bin/kmsak"},
		Cmd:        []string{"--help"},
		Labels:     described(version),
	}
	return config
}

// The files of a folder as a layer: always the same bytes for the same files.
func pack(folder string, at time.Time) ([]byte, error) {
	var packed bytes.Buffer
	writer := tar.NewWriter(&packed)
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		header := &tar.Header{
			Name: filepath.ToSlash(name), Mode: int64(info.Mode().Perm()), Size: int64(len(content)), ModTime: at, Format: tar.FormatPAX,
		}
		if err := writer.WriteHeader(header); err != nil {
			return err
		}
		_, err = writer.Write(content)
		return err
	})
	if err != nil {
		return nil, err
	}
	// A folder for whatever the agent is told to write, as images from scratch have none.
	if err := writer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777, ModTime: at, Format: tar.FormatPAX}); err != nil {
		return nil, err
	}
	return packed.Bytes(), writer.Close()
}
