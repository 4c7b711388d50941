// SPDX-License-Identifier: Apache-2.0
//
// The paths that a person takes over the status page, in headless Chromium: paths.js URL ADMIN_URL EVIDENCE [SCREENSHOTS]
// ADMIN_URL leads to the administrator's socket. With SCREENSHOTS, a directory, pictures are taken into it.
"use strict";
const assert = require("node:assert");
const path = require("node:path");
const puppeteer = require("puppeteer-core");

const [url, adminUrl, evidence, screenshots] = process.argv.slice(2);
const axeSource = require.resolve("axe-core/axe.min.js");
const faults = [];

async function open(browser, target, { width = 1440, dark = false, scripts = true } = {}) {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 1000 });
  await page.setJavaScriptEnabled(scripts);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && faults.push(`${target}: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`${target}: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(new URL(target).origin)) faults.push(`${target}: asks for ${request.url()}`);
  });
  const answer = await page.goto(target, { waitUntil: "load" });
  assert.strictEqual(answer.status(), 200, target);
  return page;
}
const textOf = (page, selector) => page.$eval(selector, (element) => element.innerText);

// What is wrong for those who do not see the page, or see it otherwise. Content Security Policy stays in force: axe comes
// over the debugger.
async function accessible(page, name) {
  await page.evaluate(require("node:fs").readFileSync(axeSource, "utf8"));
  const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  assert.deepStrictEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).slice(0, 3).join(" | ")}`), [], name);
}

async function fits(page, width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `at ${width} px the page is ${wide} px wide`);
}

const paths = {
  async "see at once whether it is ready, what expires first and what is wrong"(browser) {
    const page = await open(browser, url);
    const [ready, first, wrong] = await page.$$eval("#overview .answer", (all) => all.map((one) => one.innerText));
    assert.match(ready, /Ready/);
    assert.match(first, /What expires first\?\s+in \d/);
    assert.match(wrong, /PCK CRL, processor CA/);
    const rows = await page.$$eval("#validity .timeline > li", (all) => all.map((one) => one.innerText));
    assert.match(rows[0], /PCK CRL, processor CA[\s\S]*refresh failed/);
    await page.close();
  },
  async "learn why a quote was rejected, without scripts"(browser) {
    const page = await open(browser, url, { scripts: false });
    await (await page.$("#file")).uploadFile(path.join(evidence, "old-tdx-v4.bin"));
    await Promise.all([page.waitForNavigation(), page.click("#evidence button")]);
    const said = await textOf(page, "#verdict");
    assert.match(said, /Rejected/);
    assert.match(said, /OutOfDate/);
    assert.match(said, /Needs/);
    await page.close();
  },
  async "paste a forged report as base64"(browser) {
    const page = await open(browser, url);
    const bytes = require("node:fs").readFileSync(path.join(evidence, "forged-signature-tdx-v4.bin"));
    await page.$eval("#text", (element, text) => { element.value = text; }, bytes.toString("base64"));
    await Promise.all([page.waitForNavigation(), page.click("#evidence button")]);
    assert.match(await textOf(page, "#verdict"), /not authentic[\s\S]*quote\.signature/);
    await accessible(page, "the verdict");
    await page.close();
  },
  async "drop a good quote anywhere on the page"(browser) {
    const page = await open(browser, url);
    const bytes = [...require("node:fs").readFileSync(path.join(evidence, "good-sgx-v3.bin"))];
    await Promise.all([page.waitForNavigation(), page.evaluate((content) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(content)], "quote.bin"));
      document.querySelector("#levels").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }, bytes)]);
    assert.match(await textOf(page, "#verdict"), /Accepted/);
    await page.close();
  },
  async "see what the next set would do, as the administrator"(browser) {
    const plain = await open(browser, url);
    assert.match(await textOf(plain, "#coming"), /set 18[\s\S]*refuses \d+ sightings/);
    assert.strictEqual(await plain.$("#coming a[href*='set=']"), null);
    await plain.close();
    const page = await open(browser, adminUrl);
    await Promise.all([page.waitForNavigation(), page.click("#coming a[href*='set=18']")]);
    assert.match(await textOf(page, "#impact"), /What set 18 would do[\s\S]*refused[\s\S]*accepted[\s\S]*rejected/);
    await accessible(page, "the impact");
    await page.close();
  },
  async "see what changed last night"(browser) {
    const page = await open(browser, url);
    const changes = await textOf(page, "#changes");
    assert.match(changes, /[89] h( \d+ min)? ago/);
    assert.match(changes, /evaluation data number 16 became 17/);
    await page.close();
  },
  async "find an FMSPC; a chip only as the administrator"(browser) {
    const page = await open(browser, `${url}/?q=00806f050000`);
    assert.match(await textOf(page, "#levels"), /TDX 00806f050000/i);
    await page.close();
    const chip = "ab".repeat(64);
    const plain = await open(browser, `${url}/?q=${chip}`);
    assert.match(await textOf(plain, "#found"), /takes the admin role/);
    await plain.close();
    const admin = await open(browser, `${adminUrl}/?q=${chip}`);
    assert.match(await textOf(admin, "#found"), /No VCEK of that chip/);
    await admin.close();
  },
  async "go through it by keyboard alone"(browser) {
    const page = await open(browser, url);
    await page.keyboard.press("Tab");
    assert.strictEqual(await page.evaluate(() => document.activeElement.className), "skip");
    const seen = new Set();
    for (let i = 0; i < 40; ++i) {
      await page.keyboard.press("Tab");
      seen.add(await page.evaluate(() => document.activeElement.id || document.activeElement.textContent.slice(0, 20)));
    }
    for (const stop of ["reload", "q", "text", "file"]) assert.ok(seen.has(stop), `no way to ${stop}: ${[...seen]}`);
    await page.close();
  },
  async "read it at every width, light and dark"(browser) {
    for (const width of [360, 768, 1440]) {
      for (const dark of [false, true]) {
        const page = await open(browser, url, { width, dark });
        if (screenshots && width !== 768) {
          await page.screenshot({ path: path.join(screenshots, `page-${width}-${dark ? "dark" : "light"}.png`), fullPage: true });
        }
        await fits(page, width);
        await accessible(page, `${width} px, ${dark ? "dark" : "light"}`);
        await page.close();
      }
    }
    const without = await open(browser, url, { scripts: false });
    assert.match(await textOf(without, "#validity"), /TCB info/);
    if (screenshots) {
      const verdict = await open(browser, url, { width: 1000 });
      await (await verdict.$("#file")).uploadFile(path.join(evidence, "old-tdx-v4.bin"));
      await Promise.all([verdict.waitForNavigation(), verdict.click("#evidence button")]);
      await verdict.screenshot({ path: path.join(screenshots, "verdict.png"), fullPage: true });
      const impact = await open(browser, `${adminUrl}/?set=18`, { width: 1000 });
      await (await impact.$("#coming")).screenshot({ path: path.join(screenshots, "impact.png") });
    }
  },
};

(async () => {
  const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  let failed = 0;
  for (const [name, walk] of Object.entries(paths)) {
    try {
      await walk(browser);
      console.log(`ok    ${name}`);
    } catch (error) {
      ++failed;
      console.log(`FAILS ${name}: ${error.message}`);
    }
  }
  await browser.close();
  for (const fault of faults) console.log(`FAULT ${fault}`);
  process.exit(failed || faults.length ? 1 : 0);
})();
