"""The call log: one JSON line a call in DIR/calls.jsonl, flushed at once; the same in memory."""
import json
import threading
import time


class CallLog:
    def __init__(self, path):
        self._file = open(path, "a", encoding="utf-8")
        self._calls, self._lock = [], threading.Lock()

    def note(self, req, started, response, code):
        """Log a finished call; response is None when none was sent. started: time.time()."""
        host, port = req.connection[:2]
        entry = {"time": round(started, 3), "action": req.action, "region": req.region,
                 "resources": req.resources, "status": response.status if response else 0,
                 "code": code, "principal": req.who.arn if req.who else None,
                 "peer": f"{host}:{port}", "agent": req.headers.get("user-agent", "")[:60],
                 "ms": round((time.time() - started) * 1000, 1)}
        with self._lock:
            self._calls.append(entry)
            print(json.dumps(entry), file=self._file, flush=True)

    def listed(self):
        with self._lock:
            return list(self._calls)

    def clear(self):
        """Forget the calls in memory; the file keeps them."""
        with self._lock:
            self._calls.clear()
