// SPDX-License-Identifier: Apache-2.0
//
// Lets a browser reach a Unix socket, as `ssh -L` does: socket_proxy.js SOCKET, prints its URL.
"use strict";
const net = require("node:net");
const server = net.createServer((client) => {
  const socket = net.connect(process.argv[2]);
  for (const [from, to] of [[client, socket], [socket, client]]) from.on("error", () => to.destroy()).pipe(to);
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
