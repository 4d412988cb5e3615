"""Executor kinds from shared objects: the example is built against an installation and traded."""

import shutil
import sys

from program import *

BUILD = pathlib.Path(PROGRAM).parent
EXAMPLE = SOURCE / "examples/plugin"


def do(*words, cwd):
    done = subprocess.run([str(word) for word in words], cwd=cwd, text=True, capture_output=True,
                          timeout=RUN_SECONDS_MAX)
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"


def compiler(needed="cc"):
    if shutil.which(needed) is None:
        raise Skip(f"{needed} is not installed")
    return needed


def install(folder):
    """The program's installation, from the build under test."""
    if not (BUILD / "cmake_install.cmake").exists():
        raise Skip("the program does not stand in its build folder")
    do(compiler("cmake"), "--install", BUILD, "--prefix", folder / "prefix", cwd=folder)
    return folder / "prefix"


def build_example(folder):
    prefix = install(folder)
    do("cmake", "-G", "Ninja", "-S", EXAMPLE, "-B", folder / "plugin", f"-DCMAKE_PREFIX_PATH={prefix}", cwd=folder)
    do("cmake", "--build", folder / "plugin", cwd=folder)
    shutil.copy(folder / "plugin/trigger.so", folder)


def build(folder, name, source):
    """A plugin of a few lines."""
    (folder / f"{name}.c").write_text('#include "executors/plugin.h"\n' + source)
    do(compiler(), "-std=gnu17", "-shared", "-fPIC", "-I", SOURCE, f"{name}.c", "-o", f"{name}.so",
       cwd=folder)


def refused(folder, *paths):
    """What the program says about a run file with these plugins."""
    file = base_file(folder, plugins=list(paths), executors=[executor()])
    _, err = run("validate", write(folder, file), cwd=folder, code=2)
    return err


def trigger(side, price, **fields):
    return {"type": "trigger_executor", "connector_name": "paper", "trading_pair": "BTC-USDT",
            "side": side, "amount": "0.1", "trigger_price": price, **fields}


def test_example_trades(folder):
    """As its own run file says."""
    build_example(folder)
    shutil.copy(EXAMPLE / "trigger.yaml", folder)
    run("tape", "walk", "7", "20000", "walk.csv", cwd=folder)
    run("run", "--quiet", "trigger.yaml", cwd=folder)
    check_books(folder / "trigger.db", {"BTC": D(2), "USDT": D(100000)})
    found = rows(folder / "trigger.db", "SELECT * FROM executor")
    assert [row["close_type"] for row in found] == ["POSITION_HOLD", "POSITION_HOLD"], found
    fills = rows(folder / "trigger.db", "SELECT * FROM fill")
    # It acts at the trigger; the market order is filled at the next quote.
    near = {"BUY": D(49900), "SELL": D(50050)}
    assert sorted(f["side"] for f in fills) == ["BUY", "SELL"], fills
    assert all(abs(D(f["price"]) - near[f["side"]]) < 50 for f in fills), fills


def test_configuration_is_checked(folder):
    """Its table is checked like that of a built-in kind, and its kind is listed."""
    build_example(folder)
    file = base_file(folder, plugins=["trigger.so"], executors=[trigger("BUY", "-1", amonut="1")])
    _, err = run("validate", write(folder, file), cwd=folder, code=2)
    assert "executors[0].trigger_price" in err and 'did you mean "amount"' in err, err
    unknown = base_file(folder, executors=[trigger("BUY", "1")])
    _, err = run("validate", write(folder, unknown), cwd=folder, code=2)
    assert "trigger_executor, expected one of" in err, err
    described, _ = run("describe", "executor", "trigger_executor", "--plugin", "trigger.so",
                       cwd=folder)
    assert "trigger_price" in described


def test_loaded_once(folder):
    """By two paths, and beside a built-in kind."""
    build_example(folder)
    file = base_file(folder, plugins=["trigger.so", "./plugin/../trigger.so"],
                     executors=[trigger("SELL", "1"), executor()])
    run("run", "--quiet", write(folder, file), cwd=folder)
    found = rows(folder / "test.db", "SELECT type FROM executor")
    assert {row["type"] for row in found} == {"trigger_executor", "position_executor"}


def test_refusals(folder):
    compiler()
    assert "plugins[0]: absent.so: cannot be loaded" in refused(folder, "absent.so")
    (folder / "text.so").write_text("not a shared object")
    assert "cannot be loaded" in refused(folder, "text.so")
    build(folder, "other", "int other;")
    assert "no symbol tutti_plugin" in refused(folder, "other.so")
    build(folder, "old", "const struct plugin tutti_plugin = {.abi = 999};")
    assert "built for plugin version 999" in refused(folder, "old.so")
    build(folder, "foreign", "const struct plugin tutti_plugin = {.abi = PLUGIN_ABI};")
    assert "other headers" in refused(folder, "foreign.so")
    build(folder, "empty", "const struct plugin tutti_plugin = {PLUGIN_HEAD};")
    assert "no executor kind" in refused(folder, "empty.so")
    build(folder, "half", 'static const struct executor_kind kind = {.type = "half"};\n'
          "static const struct executor_kind *const kinds[] = {&kind, 0};\n"
          "const struct plugin tutti_plugin = {PLUGIN_HEAD, .kinds = kinds};")
    assert "executor kind half lacks" in refused(folder, "half.so")
    err = refused(folder, "absent.so", "half.so")
    assert "plugins[0]" in err and "plugins[1]" in err, "all problems at once"


COPY = """
#include "executors/registry.h"
static struct executor_kind copy;
static const struct executor_kind *const kinds[] = {&copy, 0};
const struct plugin tutti_plugin = {PLUGIN_HEAD, .kinds = kinds};
__attribute__((constructor)) static void copy_position(void)
{
    copy = *executor_kind_find("position_executor");
    copy.type = %s;
}
"""


def test_types_are_unique(folder):
    build(folder, "twin", COPY % "copy.type")
    assert "an executor kind position_executor already" in refused(folder, "twin.so")
    build(folder, "one", COPY % '"copied_executor"')
    build(folder, "two", COPY % '"copied_executor"')
    assert "plugins[1]: two.so: there is an executor kind copied_executor" in \
        refused(folder, "one.so", "two.so")
    file = base_file(folder, plugins=["one.so"], executors=[executor("copied_executor")])
    run("run", "--quiet", write(folder, file), cwd=folder)


sys.exit(main(sys.modules[__name__]))
