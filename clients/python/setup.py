"""Generates the stubs from the contracts while the package is built, so that they are never out of date."""

from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
PROTOS = HERE.parent.parent / "proto" / "src" / "main" / "proto"


class GeneratedDistribution(Distribution):
    """Says that there are modules although none lies here yet."""

    def has_pure_modules(self):
        return True


class GenerateStubs(build_py):
    """Runs protoc into the build folder."""

    def run(self):
        super().run()
        import google.rpc
        import grpc_tools
        from grpc_tools import protoc

        out = Path(self.build_lib)
        out.mkdir(parents=True, exist_ok=True)
        # The Open Inference Protocol is left to tritonclient: protobuf allows its messages once per process.
        files = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("slipway/**/*.proto"))
        if not files:
            raise SystemExit(f"no contracts below {PROTOS}: build inside a Slipway source tree")
        common = Path(next(iter(google.rpc.__path__))).parent.parent
        includes = [PROTOS, Path(grpc_tools.__file__).parent / "_proto", common]
        status = protoc.main(
            ["protoc", *(f"-I{path}" for path in includes)]
            + [f"--python_out={out}", f"--pyi_out={out}", f"--grpc_python_out={out}", *files]
        )
        if status != 0:
            raise SystemExit("protoc failed")
        for folder in {path.parent for path in out.rglob("*_pb2.py")}:
            while folder != out:
                (folder / "__init__.py").touch()
                folder = folder.parent


setup(cmdclass={"build_py": GenerateStubs}, distclass=GeneratedDistribution)
