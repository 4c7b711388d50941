#!/usr/bin/env bash
# Installs a validator of OpenAPI from the registry of npm and has it judge docs/openapi.yaml, with the schema that it
# refers to, and resolve every reference: openapi.sh. Exit 77: skipped, npm or its registry is not there.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
version=2.11.0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

skip() { echo "SKIPPED: $1"; exit 77; }
for tool in node npm; do command -v $tool >/dev/null || skip "$tool is not installed"; done
npm install --prefix "$scratch" --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000 \
  "@seriousme/openapi-schema-validator@$version" >"$scratch/npm.log" 2>&1 ||
  skip "npm cannot install @seriousme/openapi-schema-validator: $(tail -n 1 "$scratch/npm.log")"

cat >"$scratch/validate.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
const [document, schema] = process.argv.slice(2);
async function judge(text) {
  const validator = new Validator();
  await validator.addSpecRef(JSON.parse(readFileSync(schema)), "result.schema.json");
  const { valid, errors } = await validator.validate(text);
  if (!valid) throw new Error(typeof errors === "string" ? errors : JSON.stringify(errors, null, 1));
  const paths = Object.keys(validator.resolveRefs().paths).length;
  if (validator.version !== "3.1") throw new Error(`taken for OpenAPI ${validator.version}`);
  return paths;
}
const text = readFileSync(document, "utf8");
console.log(`${await judge(text)} paths`);
// It sees what is wrong.
const broken = [text.replace("operationId: verify", "operationID: verify"), text.replace("schemas/Challenge'", "schemas/Nothing'")];
for (const [index, wrong] of broken.entries()) {
  if (wrong === text) throw new Error(`mutation ${index} changes nothing`);
  const taken = await judge(wrong).then(() => true, () => false);
  if (taken) throw new Error(`mutation ${index} was not seen`);
}
JS
node "$scratch/validate.mjs" "$root/docs/openapi.yaml" "$root/docs/result.schema.json"
