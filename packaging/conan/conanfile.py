"""Recipe for Conan 2; it packs the source that it lies in: conan create packaging/conan --build=missing"""
import os
import re

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.gnu import PkgConfigDeps

required_conan_version = ">=2.4"


class BroodConan(ConanFile):
    name = "brood"
    description = "Processes, queues, locks and shared memory for C programs, by fork or by spawn, over APR"
    license = "Apache-2.0"
    topics = ("multiprocessing", "process", "queue", "shared-memory", "apr")
    package_type = "library"
    languages = "C"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    implements = ["auto_shared_fpic"]

    @property
    def _top(self):
        return os.path.join(self.recipe_folder, os.pardir, os.pardir)

    def set_version(self):
        text = load(self, os.path.join(self._top, "CMakeLists.txt"))
        self.version = re.search(r"project\(brood VERSION (\S+)", text).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*"):
            copy(self, pattern, self._top, self.export_sources_folder)

    def requirements(self):
        self.requires("apr/[>=1.7 <2]", transitive_headers=True, transitive_libs=True)
        self.requires("msgpack-c/[>=4 <7]")
        self.requires("mbedtls/[>=2.28 <5]")

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.22]")
        self.tool_requires("pkgconf/[>=2 <3]")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for option in ("BROOD_TESTS", "BROOD_EXAMPLES", "BROOD_BENCH"):
            toolchain.cache_variables[option] = False
        toolchain.cache_variables["BROOD_ONE_FORM"] = True
        toolchain.generate()
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        for folder in ("cmake", "pkgconfig"):  # Conan makes its own, for its own packages
            rmdir(self, os.path.join(self.package_folder, "lib", folder))

    def package_info(self):
        self.cpp_info.libs = ["brood"]
        self.cpp_info.set_property("cmake_file_name", "brood")
        self.cpp_info.set_property("cmake_target_name", "brood::brood")
        self.cpp_info.set_property("pkg_config_name", "brood")
        self.cpp_info.requires = ["apr::apr", "msgpack-c::msgpack-c", "mbedtls::mbedtls"]
        if not self.options.shared:
            self.cpp_info.defines = ["BROOD_STATIC"]
            if self.settings.os == "Windows":
                self.cpp_info.system_libs = ["bcrypt", "mswsock", "ws2_32"]
            elif self.settings.os in ("Linux", "FreeBSD"):
                self.cpp_info.system_libs = ["pthread"]
