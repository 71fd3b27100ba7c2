"""What is shown of a failed step's output (all but Gradle's taken from real runs)."""

# ruff: noqa: E501 - tools write long lines

from __future__ import annotations

import pytest

from deployer.build.telling_lines import telling_lines

NODE = """\
> app@1.0.0 build
> node build.js
node:internal/modules/cjs/loader:1210
  throw err;
  ^
Error: Cannot find module 'left-pad'
Require stack:
- /app/build.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)
    at Module._load (node:internal/modules/cjs/loader:1038:27)
    at Module.require (node:internal/modules/cjs/loader:1289:19)
    at require (node:internal/modules/helpers:182:18)
    at Object.<anonymous> (/app/build.js:1:11)
    at Module._compile (node:internal/modules/cjs/loader:1521:14)
    at Module._extensions..js (node:internal/modules/cjs/loader:1623:10)
    at Module.load (node:internal/modules/cjs/loader:1266:32)
    at Module._load (node:internal/modules/cjs/loader:1091:12)
    at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:164:12) {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/app/build.js' ]
}
Node.js v20.20.2
"""
NODE_TOLD = """\
  ^
Error: Cannot find module 'left-pad'
Require stack:
- /app/build.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/app/build.js' ]
}
"""

THROWN = """\
> app@1.0.0 build
> node build.js
/app/build.js:1
function f(c){ if(c==0) throw new TypeError("site.title is not set in config.json"); f(c-1) }
                        ^
TypeError: site.title is not set in config.json
    at f (/app/build.js:1:31)
    at f (/app/build.js:1:86)
    at f (/app/build.js:1:86)
    at f (/app/build.js:1:86)
    at f (/app/build.js:1:86)
    at f (/app/build.js:1:86)
    at f (/app/build.js:1:86)
    at f (/app/build.js:1:86)
    at f (/app/build.js:1:86)
    at f (/app/build.js:1:86)
Node.js v20.20.2
"""
THROWN_TOLD = """\
> app@1.0.0 build
> node build.js
/app/build.js:1
function f(c){ if(c==0) throw new TypeError("site.title is not set in config.json"); f(c-1) }
                        ^
TypeError: site.title is not set in config.json
    at f (/app/build.js:1:31)
"""

INSTALL_SCRIPT = """\
npm error code 1
npm error path /app/dep
npm error command failed
npm error command sh -c node gen.js
npm error /app/dep/gen.js:1
npm error throw new Error("libvips is missing")
npm error ^
npm error
npm error Error: libvips is missing
npm error     at Object.<anonymous> (/app/dep/gen.js:1:7)
npm error     at Module._compile (node:internal/modules/cjs/loader:1521:14)
npm error     at Module._extensions..js (node:internal/modules/cjs/loader:1623:10)
npm error     at Module.load (node:internal/modules/cjs/loader:1266:32)
npm error     at Module._load (node:internal/modules/cjs/loader:1091:12)
npm error     at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:164:12)
npm error     at node:internal/main/run_main_module:28:49
npm error
npm error Node.js v20.20.2
npm error A complete log of this run can be found in: /tmp/.npm/_logs/2026-11-25T03_41_43_841Z-debug-0.log
"""
INSTALL_SCRIPT_TOLD = """\
path /app/dep
command failed
command sh -c node gen.js
/app/dep/gen.js:1
throw new Error("libvips is missing")
^
Error: libvips is missing
    at Object.<anonymous> (/app/dep/gen.js:1:7)
"""

LOCK_FILE = """\
npm error code EUSAGE
npm error
npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.
npm error
npm error Missing: dep@1.0.0 from lock file
npm error Missing: dep@1.0.0 from lock file
npm error
npm error Clean install a project
npm error
npm error Usage:
npm error npm ci
npm error
npm error Options:
npm error [--install-strategy <hoisted|nested|shallow|linked>] [--legacy-bundling]
npm error [--global-style] [--omit <dev|optional|peer> [--omit <dev|optional|peer> ...]]
npm error
npm error   --include-workspace-root
npm error     Include the workspace root when workspaces are enabled for a command.
npm error
npm error   --install-links
npm error     When set file: protocol dependencies will be packed and installed as
npm error
npm error
npm error aliases: clean-install, ic, install-clean, isntall-clean
npm error
npm error Run "npm help ci" for more info
npm error A complete log of this run can be found in: /tmp/.npm/_logs/2026-11-25T03_45_46_448Z-debug-0.log
"""
LOCK_FILE_TOLD = """\
code EUSAGE
`npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.
Missing: dep@1.0.0 from lock file
Missing: dep@1.0.0 from lock file
Clean install a project
"""

PIP = """\
Processing ./pkg
  Preparing metadata (pyproject.toml): started
  Preparing metadata (pyproject.toml): finished with status 'error'
  error: subprocess-exited-with-error
  × Preparing metadata (pyproject.toml) did not run successfully.
  │ exit code: 1
  ╰─> [18 lines of output]
      Traceback (most recent call last):
        File "/usr/local/lib/python3.11/site-packages/pip/_vendor/pyproject_hooks/_in_process/_in_process.py", line 353, in <module>
          main()
        File "/usr/local/lib/python3.11/site-packages/pip/_vendor/pyproject_hooks/_in_process/_in_process.py", line 335, in main
          json_out['return_val'] = hook(**hook_input['kwargs'])
                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        File "/usr/local/lib/python3.11/site-packages/pip/_vendor/pyproject_hooks/_in_process/_in_process.py", line 149, in prepare_metadata_for_build_wheel
          return hook(metadata_directory, config_settings)
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        File "/usr/local/lib/python3.11/site-packages/setuptools/build_meta.py", line 377, in prepare_metadata_for_build_wheel
          self.run_setup()
        File "/usr/local/lib/python3.11/site-packages/setuptools/build_meta.py", line 484, in run_setup
          self).run_setup(setup_script=setup_script)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        File "/usr/local/lib/python3.11/site-packages/setuptools/build_meta.py", line 335, in run_setup
          exec(code, locals())
        File "<string>", line 2, in <module>
      FileNotFoundError: [Errno 2] No such file or directory: 'nothere.txt'
      [end of output]
  note: This error originates from a subprocess, and is likely not a problem with pip.
error: metadata-generation-failed
× Encountered error while generating package metadata.
╰─> See above for output.
note: This is an issue with the package mentioned above, not pip.
hint: See above for details.
"""
PIP_TOLD = """\
  × Preparing metadata (pyproject.toml) did not run successfully.
  │ exit code: 1
  ╰─> [18 lines of output]
      Traceback (most recent call last):
        File "/usr/local/lib/python3.11/site-packages/setuptools/build_meta.py", line 335, in run_setup
          exec(code, locals())
        File "<string>", line 2, in <module>
      FileNotFoundError: [Errno 2] No such file or directory: 'nothere.txt'
"""

PYTHON = """\
Traceback (most recent call last):
  File "/app/manage.py", line 5, in <module>
    a(9)
  File "/app/manage.py", line 4, in a
    return a(n-1)
           ^^^^^^
  File "/app/manage.py", line 4, in a
    return a(n-1)
           ^^^^^^
  File "/app/manage.py", line 4, in a
    return a(n-1)
           ^^^^^^
  [Previous line repeated 6 more times]
  File "/app/manage.py", line 3, in a
    if n==0: return os.environ["SECRET_KEY"]
                    ~~~~~~~~~~^^^^^^^^^^^^^^
  File "<frozen os>", line 679, in __getitem__
KeyError: 'SECRET_KEY'
"""
PYTHON_TOLD = """\
Traceback (most recent call last):
  File "/app/manage.py", line 3, in a
    if n==0: return os.environ["SECRET_KEY"]
                    ~~~~~~~~~~^^^^^^^^^^^^^^
  File "<frozen os>", line 679, in __getitem__
KeyError: 'SECRET_KEY'
"""

GO = """\
# x
./main.go:2:15: undefined: foo
./main.go:2:26: declared and not used: x
./main.go:2:34: cannot use "s" (untyped string constant) as int value in variable declaration
"""
GO_TOLD = """\
# x
./main.go:2:15: undefined: foo
./main.go:2:26: declared and not used: x
./main.go:2:34: cannot use "s" (untyped string constant) as int value in variable declaration
"""

MAVEN = """\
[INFO] Scanning for projects...
[INFO]
[INFO] ------------------------------< club:app >------------------------------
[INFO] Building app 1
[INFO] --------------------------------[ jar ]---------------------------------
[INFO]
[INFO] skip non existing resourceDirectory /app/src/main/resources
[INFO]
[INFO] --- maven-compiler-plugin:3.1:compile (default-compile) @ app ---
[INFO] Changes detected - recompiling the module!
[INFO] Compiling 1 source file to /app/target/classes
[INFO] -------------------------------------------------------------
[ERROR] COMPILATION ERROR :
[INFO] -------------------------------------------------------------
[ERROR] /app/src/main/java/App.java:[1,24] cannot find symbol
  symbol:   class Strin
  location: class App
[ERROR] /app/src/main/java/App.java:[1,48] incompatible types: java.lang.String cannot be converted to int
[INFO] 2 errors
[INFO] -------------------------------------------------------------
[INFO] ------------------------------------------------------------------------
[INFO] BUILD FAILURE
[INFO] ------------------------------------------------------------------------
[INFO] Total time:  13.928 s
[INFO] Finished at: 2026-11-25T03:42:41Z
[INFO] ------------------------------------------------------------------------
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.1:compile (default-compile) on project app: Compilation failure: Compilation failure:
[ERROR] /app/src/main/java/App.java:[1,24] cannot find symbol
[ERROR]   symbol:   class Strin
[ERROR]   location: class App
[ERROR] /app/src/main/java/App.java:[1,48] incompatible types: java.lang.String cannot be converted to int
[ERROR] -> [Help 1]
[ERROR]
[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.
[ERROR] Re-run Maven using the -X switch to enable full debug logging.
[ERROR]
[ERROR] For more information about the errors and possible solutions, please read the following articles:
[ERROR] [Help 1] http://cwiki.apache.org/confluence/display/MAVEN/MojoFailureException
"""
MAVEN_TOLD = """\
  symbol:   class Strin
  location: class App
[ERROR] /app/src/main/java/App.java:[1,48] incompatible types: java.lang.String cannot be converted to int
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.1:compile (default-compile) on project app: Compilation failure: Compilation failure:
[ERROR] /app/src/main/java/App.java:[1,24] cannot find symbol
[ERROR]   symbol:   class Strin
[ERROR]   location: class App
[ERROR] /app/src/main/java/App.java:[1,48] incompatible types: java.lang.String cannot be converted to int
"""

GRADLE = """\
> Task :compileJava FAILED
/app/src/main/java/App.java:3: error: ';' expected
    int x = 1
             ^
1 error
FAILURE: Build failed with an exception.
* What went wrong:
Execution failed for task ':compileJava'.
> Compilation failed; see the compiler error output for details.
* Try:
> Run with --stacktrace option to get the stack trace.
> Run with --info or --debug option to get more log output.
> Run with --scan to get full insights.
> Get more help at https://help.gradle.org.
BUILD FAILED in 3s
1 actionable task: 1 executed
"""
GRADLE_TOLD = """\
> Task :compileJava FAILED
/app/src/main/java/App.java:3: error: ';' expected
    int x = 1
             ^
1 error
* What went wrong:
Execution failed for task ':compileJava'.
> Compilation failed; see the compiler error output for details.
"""


@pytest.mark.parametrize(
    ("output", "told"),
    [
        pytest.param(NODE, NODE_TOLD, id="node"),
        pytest.param(THROWN, THROWN_TOLD, id="thrown"),
        pytest.param(INSTALL_SCRIPT, INSTALL_SCRIPT_TOLD, id="install script"),
        pytest.param(LOCK_FILE, LOCK_FILE_TOLD, id="lock file"),
        pytest.param(PIP, PIP_TOLD, id="pip"),
        pytest.param(PYTHON, PYTHON_TOLD, id="python"),
        pytest.param(GO, GO_TOLD, id="go"),
        pytest.param(MAVEN, MAVEN_TOLD, id="maven"),
        pytest.param(GRADLE, GRADLE_TOLD, id="gradle"),
    ],
)
def test_the_error_is_shown_and_not_what_tools_say_after_it(output: str, told: str) -> None:
    assert telling_lines(output.splitlines(), 8) == told.splitlines()


def test_an_error_long_before_the_end_is_gone_back_to() -> None:
    output = ["building", "src/index.ts(3,7): error TS2322: Type 'string' is no number."]
    output += [f"line {number}" for number in range(20)]
    assert telling_lines(output, 5) == [output[1], "line 0", "line 17", "line 18", "line 19"]


def test_where_nothing_looks_like_an_error_the_last_words_are_shown() -> None:
    assert telling_lines([f"line {number}" for number in range(20)], 3) == ["line 17", "line 18", "line 19"]


def test_colours_are_left_out() -> None:
    assert telling_lines(["\x1b[31mError: no\x1b[0m"], 8) == ["Error: no"]


def test_a_step_that_printed_nothing_shows_nothing() -> None:
    assert telling_lines([], 8) == []
