"""The design that FlashBid grew out of, written anew, to be measured beside it (row S9): a web framework, the price in Redis
decided by a Lua script, and an INSERT into PostgreSQL in the background, after the answer.

    server.py --redis PORT --postgres URL [--workers N]      prints `listening on http://127.0.0.1:PORT`

As it is usually built, and kindly: uvloop, one process a core, a script that is cached, pools of connections. What it does not
give: a bid that was answered is in Redis's memory only (no AOF) and in a list of things to do, so it does not outlive a crash of either;
no idempotency, no order of events, no push. Its routes are those that the load speaks.
"""
import argparse
import os
import signal
import socket
import time
import urllib.request

import psycopg2.pool
import redis.asyncio
import uvicorn
from fastapi import BackgroundTasks, FastAPI, Header
from pydantic import BaseModel

DECIDE = """
local price = tonumber(redis.call('HGET', KEYS[1], 'price') or '-1')
if tonumber(ARGV[1]) <= price then return {0, price} end
redis.call('HSET', KEYS[1], 'price', ARGV[1], 'leader', ARGV[2])
return {1, tonumber(ARGV[1])}
"""
TABLE = """
CREATE TABLE IF NOT EXISTS bids (
  id bigserial PRIMARY KEY, auction bigint NOT NULL, bidder text NOT NULL, amount bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now())
"""
CONNECTIONS = 8  # to PostgreSQL, a process
START_TIMEOUT_S = 30


class Bid(BaseModel):
    amount: int


def demo(redis_port, postgres_url):
    app = FastAPI()
    store = redis.asyncio.Redis(port=redis_port)
    decide = store.register_script(DECIDE)
    pool = psycopg2.pool.ThreadedConnectionPool(1, CONNECTIONS, postgres_url)

    def record(auction, bidder, amount):
        connection = pool.getconn()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("INSERT INTO bids (auction, bidder, amount) VALUES (%s, %s, %s)", (auction, bidder, amount))
        finally:
            pool.putconn(connection)

    @app.post("/v1/auctions/{auction}/bids")
    async def bid(auction: int, bid: Bid, background: BackgroundTasks, x_bidder: str = Header()):
        accepted, price = await decide(keys=[f"auction:{auction}"], args=[bid.amount, x_bidder])
        if not accepted:
            return {"verdict": "rejected", "reason": "amount_below_minimum", "price": price}
        background.add_task(record, auction, x_bidder, bid.amount)
        return {"verdict": "accepted", "price": price}

    @app.get("/healthz")
    async def healthz():
        return {}

    @app.on_event("startup")
    async def limit_threads():
        # As many threads as connections: a thread more would find the pool empty, and its row would be lost.
        import anyio.to_thread
        anyio.to_thread.current_default_thread_limiter().total_tokens = CONNECTIONS

    return app


def serve(listener, flags):
    config = uvicorn.Config(demo(flags.redis, flags.postgres), loop="uvloop", log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--redis", type=int, required=True)
    parser.add_argument("--postgres", required=True)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    flags = parser.parse_args()
    connection = psycopg2.connect(flags.postgres)
    with connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
    connection.close()

    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    workers = []
    for _ in range(flags.workers):
        if (pid := os.fork()) == 0:
            serve(listener, flags)
            os._exit(0)
        workers.append(pid)
    signal.signal(signal.SIGTERM, lambda *_: [os.kill(pid, signal.SIGTERM) for pid in workers])
    url = "http://127.0.0.1:%d" % listener.getsockname()[1]
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            urllib.request.urlopen(url + "/healthz", timeout=START_TIMEOUT_S).close()
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    print(f"listening on {url}", flush=True)
    for pid in workers:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
