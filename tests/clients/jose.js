// SPDX-License-Identifier: Apache-2.0
//
// What a relying party with jose as published says of Thimble's tokens, by the keys that it fetches from Thimble.
//   node jose.js holds|unknown THIMBLE_URL TOKEN_FILE...     they verify; their key is not in the set
//   node jose.js differs TOKEN_FILE TOKEN_FILE               they are signed by different keys
const fs = require('fs');
const { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } = require('jose');

const [, , what, ...rest] = process.argv;
const read = (file) => fs.readFileSync(file, 'utf8').trim();

async function verify(url, token) {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', url));
  return jwtVerify(token, keys, { algorithms: ['ES256'], typ: 'eat+jwt', issuer: 'Thimble', maxTokenAge: '5 minutes' });
}

async function main() {
  if (what === 'differs') {
    const kids = rest.map((file) => decodeProtectedHeader(read(file)).kid);
    if (kids[0] === kids[1]) throw new Error(`both are signed by ${kids[0]}`);
    return;
  }
  const [url, ...files] = rest;
  for (const file of files) {
    try {
      const { payload, protectedHeader } = await verify(url, read(file));
      if (what === 'unknown') throw new Error(`${file}: still verifies`);
      console.log(`${protectedHeader.kid}: ${payload.submods.cpu0['ear.status']}`);
    } catch (error) {
      if (what !== 'unknown' || error.code !== 'ERR_JWKS_NO_MATCHING_KEY') throw error;
      console.log(`${decodeProtectedHeader(read(file)).kid}: no longer in the set`);
    }
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
