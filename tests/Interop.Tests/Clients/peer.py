"""A gRPC program without sidecar on C-core: client and server, told what to do in JSON lines on standard input.

Every line {"id": 1, "op": "...", ...} is answered by one line {"id": 1, ...} or {"id": 1, "error": "..."}.
"""
import collections
import concurrent.futures
import hashlib
import json
import ssl
import sys
import threading

import grpc
import grpc.experimental

METHOD = "/interop.Echo/Call"


def identity(value):
    return value


class Echo(grpc.GenericRpcHandler):
    """Answers every call with the server's name and the caller's certificate."""

    def __init__(self, name, gate):
        self.name, self.gate = name, gate

    def service(self, details):
        if details.method != METHOD:
            return None
        return grpc.unary_unary_rpc_method_handler(self.answer, identity, identity)

    def answer(self, request, context):
        if dict(context.invocation_metadata()).get("x-hold"):
            self.gate.hold()
        certificate = context.auth_context().get("x509_pem_cert", [b""])[0].decode()
        peer = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest() if certificate else ""
        return json.dumps({"name": self.name, "peer": peer}).encode()


class Gate:
    """Holds calls in the server until they are released."""

    def __init__(self):
        self.condition, self.held = threading.Condition(), 0

    def hold(self):
        with self.condition:
            self.held += 1
            self.condition.wait_for(lambda: self.held == 0)

    def release(self):
        with self.condition:
            self.held = 0
            self.condition.notify_all()


class Tally:
    """What became of calls."""

    def __init__(self):
        self.lock = threading.Lock()
        self.codes, self.names, self.peers = (collections.Counter() for _ in range(3))
        self.details = []

    def add(self, future):
        code = future.code()
        with self.lock:
            self.codes[code.name] += 1
            if code is grpc.StatusCode.OK:
                answer = json.loads(future.result())
                self.names[answer["name"]] += 1
                self.peers[answer["peer"]] += 1
            elif len(self.details) < 5:
                self.details.append(f"{code.name}: {future.details()}")

    def report(self):
        with self.lock:
            return {
                "codes": dict(self.codes), "names": dict(self.names),
                "peers": dict(self.peers), "details": list(self.details),
            }


class Load:
    """One call after another until it is told to stop."""

    def __init__(self, call):
        self.call, self.tally, self.stopped = call, Tally(), threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopped.is_set():
            future = self.call({})
            future.exception()
            self.tally.add(future)
            self.stopped.wait(0.002)

    def finish(self):
        self.stopped.set()
        self.thread.join()
        return self.tally.report()


class Peer:
    """What the other end can ask for; every method is an op."""

    def __init__(self):
        self.servers, self.channels, self.loads, self.begun, self.gate = {}, {}, {}, {}, Gate()

    def hello(self, _):
        return {"version": grpc.__version__}

    def serve(self, ask):
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(64), (Echo(ask["name"], self.gate),), xds=ask.get("xds", False))
        credentials = self.server_credentials(ask)
        if credentials is None:
            port = server.add_insecure_port(ask["address"])
        else:
            port = server.add_secure_port(ask["address"], credentials)
        if port == 0:
            raise OSError(f"{ask['address']} cannot be bound")
        server.start()
        self.servers[ask["address"]] = server
        return {}

    @staticmethod
    def server_credentials(ask):
        if ask.get("xds", False):
            return grpc.xds_server_credentials(grpc.insecure_server_credentials())
        if "key" not in ask:
            return None
        return grpc.ssl_server_credentials([(read(ask["key"]), read(ask["chain"]))], read(ask["roots"]), True)

    def stop(self, ask):
        self.servers.pop(ask["address"]).stop(1).wait()
        return {}

    def open(self, ask):
        # Subchannels are shared within a process: a new channel would go on with the old connections.
        options = [("grpc.use_local_subchannel_pool", 1)]
        fallback = grpc.experimental.insecure_channel_credentials()
        credentials = grpc.xds_channel_credentials(fallback)
        self.channels[ask["channel"]] = grpc.secure_channel(ask["target"], credentials, options)
        return {}

    def close(self, ask):
        self.channels.pop(ask["channel"]).close()
        return {}

    def call(self, ask):
        tally, free = Tally(), threading.Semaphore(ask.get("parallel", 1))
        start, futures = self.starter(ask), []
        for _ in range(ask["count"]):
            free.acquire()
            future = start(ask.get("metadata", {}))
            futures.append(future)
            future.add_done_callback(lambda done: free.release())
        for future in futures:
            future.exception()
            tally.add(future)
        return tally.report()

    def begin(self, ask):
        start = self.starter(ask)
        self.begun[ask["channel"]] = [start(ask.get("metadata", {})) for _ in range(ask["count"])]
        return {}

    def held(self, _):
        return {"held": self.gate.held}

    def release(self, _):
        self.gate.release()
        return {}

    def end(self, ask):
        tally = Tally()
        for future in self.begun.pop(ask["channel"]):
            future.exception()
            tally.add(future)
        return tally.report()

    def load(self, ask):
        self.loads[ask["channel"]] = Load(self.starter(ask))
        return {}

    def progress(self, ask):
        return self.loads[ask["channel"]].tally.report()

    def finish(self, ask):
        return self.loads.pop(ask["channel"]).finish()

    def starter(self, ask):
        method = self.channels[ask["channel"]].unary_unary(METHOD, identity, identity)
        return lambda metadata: method.future(b"", timeout=ask.get("timeout", 10), metadata=tuple(metadata.items()))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    peer = Peer()
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            answer = getattr(peer, ask["op"])(ask)
        except Exception as error:  # whatever it is, the other end wants to know
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"id": ask["id"], **answer}), flush=True)


main()
