// Writes gen/ from the contracts in proto/.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const contracts = join(here, "..", "..", "proto", "src", "main", "proto");
if (!existsSync(contracts)) {
  throw new Error(`no contracts in ${contracts}: install this inside a Slipway source tree`);
}
const require = createRequire(import.meta.url);
const google = dirname(require.resolve("google-proto-files/package.json"));

// buf reads one folder, so what the contracts import is laid beside them.
const sources = mkdtempSync(join(tmpdir(), "slipway-protos-"));
try {
  cpSync(contracts, sources, { recursive: true });
  cpSync(join(google, "google", "rpc", "status.proto"), join(sources, "google", "rpc", "status.proto"));
  execFileSync("npx", ["--no", "buf", "generate", sources], { cwd: here, stdio: "inherit" });
} finally {
  rmSync(sources, { recursive: true });
}
