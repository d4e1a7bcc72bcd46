// A gRPC program without sidecar on grpc-js: client and server, told what to do in JSON lines on standard input.
// Every line {"id": 1, "op": "...", ...} is answered by one line {"id": 1, ...} or {"id": 1, "error": "..."}.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const packages = createRequire(`${process.env.MESH_INTEROP_PACKAGES}/`);
const grpc = packages('@grpc/grpc-js');
const xds = packages('@grpc/grpc-js-xds');
xds.register();

const identity = value => value;
const service = {
  Call: {
    path: '/interop.Echo/Call',
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
};
const Client = grpc.makeGenericClientConstructor(service, 'interop.Echo');
const servers = new Map(), channels = new Map(), loads = new Map(), begun = new Map();
const sleep = time => new Promise(resolve => setTimeout(resolve, time));

/** Holds calls in the server until they are released. */
const gate = { held: 0, release: () => {} };
gate.opened = new Promise(resolve => gate.release = resolve);

function openGate() {
  gate.held = 0;
  gate.release();
  gate.opened = new Promise(resolve => gate.release = resolve);
}

/** What became of calls. */
class Tally {
  codes = {};
  names = {};
  peers = {};
  details = [];

  add(error, answer) {
    const code = grpc.status[error?.code ?? grpc.status.OK];
    this.codes[code] = (this.codes[code] ?? 0) + 1;
    if (error) {
      if (this.details.length < 5) this.details.push(`${code}: ${error.details}`);
      return;
    }
    const { name, peer } = JSON.parse(answer);
    this.names[name] = (this.names[name] ?? 0) + 1;
    this.peers[peer] = (this.peers[peer] ?? 0) + 1;
  }
}

function callOnce(ask, tally) {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(ask.metadata ?? {})) metadata.set(key, value);
  const deadline = Date.now() + (ask.timeout ?? 10) * 1000;
  return new Promise(resolve => {
    channels.get(ask.channel).Call(Buffer.alloc(0), metadata, { deadline }, (error, answer) => {
      tally.add(error, answer);
      resolve();
    });
  });
}

function credentialsOf(ask) {
  if (ask.xds) return new xds.XdsServerCredentials(grpc.ServerCredentials.createInsecure());
  if (!ask.key) return grpc.ServerCredentials.createInsecure();
  const pair = { private_key: readFileSync(ask.key), cert_chain: readFileSync(ask.chain) };
  return grpc.ServerCredentials.createSsl(readFileSync(ask.roots), [pair], true);
}

/** What the other end can ask for. */
const ops = {
  hello: async () => ({ version: process.version }),

  serve: async ask => {
    const server = ask.xds ? new xds.XdsServer() : new grpc.Server();
    server.addService(service, {
      Call: async (call, done) => {
        if (call.metadata.get('x-hold').length > 0) {
          gate.held++;
          await gate.opened;
        }
        const certificate = call.getAuthContext().sslPeerCertificate?.raw;
        const peer = certificate ? createHash('sha256').update(certificate).digest('hex') : '';
        done(null, Buffer.from(JSON.stringify({ name: ask.name, peer })));
      },
    });
    await new Promise((resolve, reject) =>
      server.bindAsync(ask.address, credentialsOf(ask), error => error ? reject(error) : resolve()));
    servers.set(ask.address, server);
    return {};
  },

  stop: async ask => {
    await new Promise(resolve => servers.get(ask.address).tryShutdown(resolve));
    servers.delete(ask.address);
    return {};
  },

  open: async ask => {
    const credentials = new xds.XdsChannelCredentials(grpc.credentials.createInsecure());
    // Connections are shared within a process: a new channel would go on with the old ones.
    channels.set(ask.channel, new Client(ask.target, credentials, { 'grpc.use_local_subchannel_pool': 1 }));
    return {};
  },

  close: async ask => {
    channels.get(ask.channel).close();
    channels.delete(ask.channel);
    return {};
  },

  call: async ask => {
    const tally = new Tally();
    let left = ask.count;
    const worker = async () => {
      while (left-- > 0) await callOnce(ask, tally);
    };
    await Promise.all(Array.from({ length: ask.parallel ?? 1 }, worker));
    return tally;
  },

  begin: async ask => {
    const tally = new Tally();
    const calls = Array.from({ length: ask.count }, () => callOnce(ask, tally));
    begun.set(ask.channel, Promise.all(calls).then(() => tally));
    return {};
  },

  held: async () => ({ held: gate.held }),

  release: async () => {
    openGate();
    return {};
  },

  end: async ask => {
    const tally = await begun.get(ask.channel);
    begun.delete(ask.channel);
    return tally;
  },

  load: async ask => {
    const load = { tally: new Tally(), isStopped: false };
    load.end = (async () => {
      while (!load.isStopped) {
        await callOnce(ask, load.tally);
        await sleep(2);
      }
    })();
    loads.set(ask.channel, load);
    return {};
  },

  progress: async ask => loads.get(ask.channel).tally,

  finish: async ask => {
    const load = loads.get(ask.channel);
    loads.delete(ask.channel);
    load.isStopped = true;
    await load.end;
    return load.tally;
  },
};

createInterface({ input: process.stdin }).on('line', async line => {
  const ask = JSON.parse(line);
  let answer;
  try {
    answer = await ops[ask.op](ask);
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify({ id: ask.id, ...answer })}\n`);
}).on('close', () => process.exit(0));
