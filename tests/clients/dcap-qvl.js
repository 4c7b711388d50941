// SPDX-License-Identifier: Apache-2.0
//
// Phala's dcap-qvl as published, pointed at a Thimble: each quote is verified by both, on collateral that the client
// fetches from Thimble, and both have to say the same.
//   node dcap-qvl.js THIMBLE_URL VENDORS_DIR
const fs = require('fs');
const path = require('path');
const { getCollateral, QuoteVerifier } = require('@phala/dcap-qvl');

const [thimble, directory] = process.argv.slice(2);

// The client knows SGX quotes of version 3 alone, and no TD report that is longer than 1.5's.
const unknownToClient = /^good-sgx-v[45]|-ex\.bin$/;
const quotes = fs.readdirSync(directory).filter((name) => name.endsWith('.bin') && !unknownToClient.test(name) &&
  /^(good|old|revoked|forged|ppid)-.*(sgx|tdx)/.test(name)).sort();

// It compares the SVN of a TDX module with TCB levels, where Intel's library looks at the module's own identity alone
// (DCAP 3.1): an old module is to it a platform of a lower level.
const knownToDiffer = { 'old-module-tdx-v4.bin': { client: null, thimble: 'OutOfDate' } };

function rootDer() {
  const pem = fs.readFileSync(path.join(directory, 'intel-root.pem'), 'utf8');
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}

// Its TCB status; or null for what it does not take, with the reason.
async function clientVerdict(quote) {
  try {
    const collateral = await getCollateral(thimble, quote);
    const result = QuoteVerifier.newWithRootCa(rootDer()).verify(quote, collateral, Math.floor(Date.now() / 1000));
    return { status: result.status };
  } catch (error) {
    return { status: null, reason: error.message };
  }
}

// Ours: what is not authentic, or revoked, is nothing that the client takes either.
async function ourVerdict(quote) {
  const response = await fetch(`${thimble}/v1/verify`,
    { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: quote });
  if (response.status !== 200) return { status: undefined, reason: await response.text() };
  const verdict = await response.json();
  const taken = verdict.authentic && verdict.tcb_status !== 'Revoked';
  return { status: taken ? verdict.tcb_status : null };
}

async function main() {
  let differences = 0;
  const statuses = new Set();
  for (const name of quotes) {
    const quote = fs.readFileSync(path.join(directory, name));
    const theirs = await clientVerdict(quote);
    const ours = await ourVerdict(quote);
    const known = knownToDiffer[name] ?? { client: ours.status, thimble: ours.status };
    const same = theirs.status === known.client && ours.status === known.thimble;
    statuses.add(String(theirs.status));
    if (!same) differences += 1;
    console.log(`${!same ? 'DIFFERENT' : name in knownToDiffer ? 'known' : 'same'}  ${name}  client ${theirs.status}  thimble ${ours.status}` +
      (same ? '' : `  (${theirs.reason ?? ''}; ${ours.reason ?? ''})`));
  }
  console.log(`${quotes.length} quotes, ${differences} differences`);
  // A client that takes nothing, or everything, shows nothing.
  const telling = ['UpToDate', 'OutOfDate', 'null'].every((status) => statuses.has(status));
  process.exitCode = quotes.length >= 15 && differences === 0 && telling ? 0 : 1;
}

main();
