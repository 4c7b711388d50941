// SPDX-License-Identifier: Apache-2.0
//
// What the page does beside being read: it reloads every minute when asked to, and takes evidence that is dropped or
// pasted anywhere on it. Without this script, the link reloads and the form takes a file or text.
"use strict";

const again = document.getElementById("again");
const everyMinute = document.getElementById("every-minute");
if (again && everyMinute) {
  again.hidden = false;
  everyMinute.checked = sessionStorage.getItem("every-minute") === "yes";
  everyMinute.addEventListener("change", () => sessionStorage.setItem("every-minute", everyMinute.checked ? "yes" : "no"));
  setInterval(() => {
    const text = document.getElementById("text");
    const reading = document.querySelector("details[open]") || (text && text.value) || document.hidden;
    if (everyMinute.checked && !reading) location.reload();
  }, 60000);
}

const form = document.getElementById("evidence");
if (form) {
  const file = form.elements.file, text = form.elements.text;
  const judge = (files) => {
    file.files = files;
    form.requestSubmit();
  };
  const carries = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    form.classList.add("ready");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("ready");
  });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    judge(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData && event.clipboardData.files.length > 0) {
      event.preventDefault();
      judge(event.clipboardData.files);
    } else if (!/^(input|textarea)$/i.test(event.target.tagName)) {
      text.value = event.clipboardData.getData("text");
      text.focus();
    }
  });
}
