"""libkmsak for Conan 2: the release's tarball for the platform, as it is."""

import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy, get

TARGETS = {
    ("Linux", "x86_64"): "x86_64-unknown-linux-gnu",
    ("Linux", "armv8"): "aarch64-unknown-linux-gnu",
    ("Macos", "x86_64"): "x86_64-apple-darwin",
    ("Macos", "armv8"): "aarch64-apple-darwin",
    ("Windows", "x86_64"): "x86_64-pc-windows-msvc",
}


class Kmsak(ConanFile):
    name = "kmsak"
    version = "0.1.0"
    description = "Managed Alibaba Cloud AccessKeys for applications"
    license = "Apache-2.0"
    homepage = "https://github.com/kmsak/kmsak"
    url = "https://github.com/kmsak/kmsak"
    topics = ("alibaba-cloud", "kms", "credentials")
    package_type = "shared-library"
    settings = "os", "arch", "compiler", "build_type"

    def _target(self):
        return TARGETS.get((str(self.settings.os), str(self.settings.arch)))

    def validate(self):
        if self._target() is None:
            raise ConanInvalidConfiguration(
                f"there is no kmsak for {self.settings.os} on {self.settings.arch}: it is built for "
                + ", ".join(sorted(set(TARGETS.values())))
            )

    def package_id(self):
        # It has a C interface: one for every compiler.
        del self.info.settings.compiler
        del self.info.settings.build_type

    def build(self):
        # For a trial, or where releases are mirrored: the folder or address that holds the tarballs.
        base = os.environ.get("KMSAK_RELEASES", f"{self.homepage}/releases/download/v{self.version}")
        name = f"kmsak-{self.version}-{self._target()}.tar.gz"
        base = base if "://" in base else f"file://{os.path.abspath(base)}"
        get(self, f"{base}/{name}", strip_root=True, destination=self.build_folder)

    def package(self):
        for folder in ("include", "lib", "bin"):
            copy(self, f"{folder}/*", self.build_folder, self.package_folder)
        copy(self, "*", os.path.join(self.build_folder, "share", "doc", "kmsak"), os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.libs = ["kmsak"]
        self.cpp_info.set_property("cmake_file_name", "kmsak")
        self.cpp_info.set_property("cmake_target_name", "kmsak::kmsak")
        self.cpp_info.set_property("pkg_config_name", "kmsak")
