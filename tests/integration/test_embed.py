"""The library in an installation: the example is built by CMake and by pkg-config, and trades."""

import os
import shutil
import sys

from program import *

BUILD = pathlib.Path(PROGRAM).parent
EXAMPLE = SOURCE / "examples/embed"


def do(*words, cwd, **options):
    done = subprocess.run([str(word) for word in words], cwd=cwd, text=True, capture_output=True,
                          timeout=RUN_SECONDS_MAX, **options)
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done.stdout


def needs_tool(name):
    if shutil.which(name) is None:
        raise Skip(f"{name} is not installed")


def install(folder):
    """A fresh installation of the build under test, in a folder of its own."""
    needs_tool("cmake")
    needs_tool("cc")
    if not (BUILD / "cmake_install.cmake").exists():
        raise Skip("the program does not stand in its build folder")
    cache = (BUILD / "CMakeCache.txt").read_text()
    if any(line.startswith("TUTTI_SANITIZE:") and not line.endswith("=") or
           line.startswith("CMAKE_C_FLAGS:") and "--coverage" in line
           for line in cache.splitlines()):
        raise Skip("a library with a sanitizer or gcov goes into programs with the same only")
    prefix = folder / "prefix"
    do("cmake", "--install", BUILD, "--prefix", prefix, cwd=folder)
    return prefix


def trade(folder, program):
    """Runs the example and compares what it prints with the tables."""
    file = base_file(folder, run={"name": "embed", "mode": "paper", "seed": 7}, executors=[])
    file["feeds"][0]["speed"] = "60"
    out = do(program, write(folder, file), cwd=folder)
    lines = out.splitlines()
    assert [line for line in lines if "_executor one" in line] == [
        "create_executor one accepted", "update_executor one accepted",
        "stop_executor one accepted"], out
    heard = [json.loads(line.split(" ", 1)[1]) for line in lines if line.startswith("fill ")]
    database = folder / "test.db"
    fills = rows(database, "SELECT trade_id, side, price, amount FROM fill ORDER BY ts, trade_id")
    assert [{key: e["data"][key] for key in fills[0]} for e in heard] == fills
    assert [fill["side"] for fill in fills] == ["BUY", "SELL"]
    assert [row["type"] for row in rows(database, "SELECT type FROM executor")] == ["desk_executor"]
    assert lines[-1].endswith(f", {check_journal(database)} events"), lines[-1]
    check_books(database, {"BTC": 20, "USDT": 1000000})


def test_by_cmake(folder):
    prefix = install(folder)
    do("cmake", "-G", "Ninja", "-S", EXAMPLE, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}", cwd=folder)
    do("cmake", "--build", folder / "build", cwd=folder)
    trade(folder, folder / "build/embed")


def test_by_pkg_config(folder):
    """The installation is moved first: nothing in it names its place."""
    needs_tool("pkg-config")
    prefix = install(folder).rename(folder / "moved")
    found = next(prefix.glob("lib*/**/tutti.pc")).parent
    words = do("pkg-config", "--cflags", "--libs", "tutti", cwd=folder,
               env={**os.environ, "PKG_CONFIG_PATH": str(found)}).split()
    do("cc", "-std=gnu17", "-Wall", "-Werror", EXAMPLE / "embed.c", "-o", "embed", *words,
       f"-Wl,-rpath,{found.parent}", cwd=folder)
    trade(folder, folder / "embed")


def test_with_the_archive(folder):
    """A program that carries the library itself, as docs/embedding.md says."""
    needs_tool("pkg-config")
    prefix = install(folder)
    archive = next(prefix.glob("lib*/**/libtutti.a"))
    libraries = do("pkg-config", "--libs", "libcjson", "libmicrohttpd", "yaml-0.1", "sqlite3",
                   "libsodium", "zlib", cwd=folder).split()
    do("cc", "-std=gnu17", EXAMPLE / "embed.c", archive, "-I", prefix / "include/tutti",
       *libraries, "-lnng", "-lm", "-o", "embed", cwd=folder)
    trade(folder, folder / "embed")


def test_versions_are_named(folder):
    """The name a program is bound to has the version that breaks it, and nothing is missing."""
    prefix = install(folder)
    library = next(prefix.glob("lib*/**/libtutti.so"))
    assert library.is_symlink() and library.resolve().name.startswith("libtutti.so.0.")
    assert (library.parent / "libtutti.a").exists()
    words = do("pkg-config", "--cflags", "libcjson", cwd=folder).split()
    headers = prefix / "include/tutti"
    found = sorted(str(path.relative_to(headers)) for path in headers.rglob("*.h"))
    assert {"actors/run.h", "actors/action.h", "executors/plugin.h", "market/venue.h"} <= set(found)
    for header in found:  # Each stands alone, of installed headers only.
        (folder / "one.c").write_text(f'#include "{header}"\nint main(void) {{ return 0; }}\n')
        do("cc", "-std=gnu17", "-fsyntax-only", *words, "-I", headers, "one.c", cwd=folder)


sys.exit(main(sys.modules[__name__]))
