"""What a run has to come to, computed without the program: a second account of its rules.

A replay reads the recorded quotes itself and plays executors on the fill model `touch`:

- Quotes are steps, in order of time and, at the same time, in the order of the feeds.
- A step: its venue takes the requests that are older than its latency; then it matches every open
  order against the quote: MARKET at the ask (a buy) or the bid (a sell) as taker, LIMIT at its own
  price as maker when ask <= price (a buy) or bid >= price (a sell), always whole. Then every
  executor of the step's market looks once. So an order placed at a quote fills at the next one at
  the earliest.
- Amounts go down to the step, prices to the tick away from aggression. A quotient and a product are
  rounded to 18 digits, ties to even, each where the executor's rule has one.

Only what the examples need is here: no failed orders (a post-only one that would take is refused by
the venue), no partial fills, one market per executor or two.
"""

import csv
import gzip

from program import D, UNIT, decimal, multiply

NS_PER_MS = 1000000
NS_PER_S = 1000000000
SECONDS_PER_YEAR = 31536000


def divide(a, b):
    """a / b as the program rounds."""
    return (a / b).quantize(UNIT, rounding=decimal.ROUND_HALF_EVEN)


def down_to(value, unit):
    return (value / unit).to_integral_value(rounding=decimal.ROUND_FLOOR) * unit


def up_to(value, unit):
    return (value / unit).to_integral_value(rounding=decimal.ROUND_CEILING) * unit


def read_quotes(path):
    """(time_ns, bid, ask) of every row."""
    opened = gzip.open(path, "rt") if str(path).endswith(".gz") else open(path)
    with opened as file:
        return [(int(row["transaction_time"]) * NS_PER_MS, D(row["best_bid_price"]),
                 D(row["best_ask_price"])) for row in csv.DictReader(file)]


class Order:
    def __init__(self, side, amount, price=None, role="open", key=None):
        self.side, self.amount, self.price, self.role, self.key = side, amount, price, role, key
        self.placed_at = self.cancel_at = self.filled_at = self.fill_price = None
        self.is_acknowledged = self.is_canceled = False
        self.fee = D(0)

    def is_live(self):
        return self.filled_at is None and not self.is_canceled

    def cancel(self, now):
        """Asks for it; asking again changes nothing."""
        self.cancel_at = self.cancel_at or now

    def quote(self):
        return multiply(self.fill_price, self.amount)


class Market:
    """One instrument of one venue: its tape, its fees, its open orders."""

    def __init__(self, venue, quotes, rules):
        self.venue, self.quotes = venue["name"], quotes
        self.maker, self.taker = D(venue["fees"]["maker"]), D(venue["fees"]["taker"])
        self.latency = venue.get("latency_ms", 0) * NS_PER_MS
        self.tick, self.step = D(rules["tick"]), D(rules["step"])
        self.min_order_size = D(rules["min_order_size"])
        self.min_notional = D(rules["min_notional"])
        self.orders = []
        self.now = self.bid = self.ask = None

    def passive(self, side, price):
        return down_to(price, self.tick) if side == "BUY" else up_to(price, self.tick)

    def is_tradable(self, amount, price):
        return amount >= self.min_order_size and multiply(amount, price) >= self.min_notional

    def mid(self):
        return divide(self.bid + self.ask, D(2))

    def mark(self, side):
        """Where a position of this side could be closed."""
        return self.bid if side == "BUY" else self.ask

    def touch(self, side):
        """Where an order of this side takes."""
        return self.ask if side == "BUY" else self.bid

    def fill(self, order):
        price = order.price
        if price is None:
            price = self.touch(order.side)
        elif (self.ask > price) if order.side == "BUY" else (self.bid < price):
            return
        rate = self.taker if order.price is None else self.maker
        order.filled_at, order.fill_price = self.now, price
        order.fee = multiply(order.quote(), rate)

    def on_quote(self, now, bid, ask):
        self.now, self.bid, self.ask = now, bid, ask
        for order in self.orders:
            order.is_acknowledged = order.placed_at + self.latency <= now
            order.is_canceled = bool(order.cancel_at) and order.cancel_at + self.latency <= now
        for order in self.orders:
            if order.is_acknowledged and order.is_live():
                self.fill(order)
        self.orders = [order for order in self.orders if order.is_live()]


class Executor:
    """The common part: orders, what is owned, and how an executor is left."""

    def __init__(self, config, *markets):
        self.config, self.markets, self.market = config, markets, markets[0]
        self.side = config.get("side", "BUY")
        self.sign = 1 if self.side == "BUY" else -1
        self.working, self.done = [], []  # (market, order)
        self.started_at = self.closed_at = self.close_type = None
        self.is_over = False
        self.start_at = 0

    def place(self, side, amount, price=None, role="open", key=None, market=None):
        market = market or self.market
        order = Order(side, amount, price, role, key)
        order.placed_at = self.now
        self.working.append((market, order))
        market.orders.append(order)
        return order

    def live(self, role=None):
        return [order for _, order in self.working if role in (None, order.role)]

    def filled(self, role=None):
        return [order for _, order in self.done if role in (None, order.role)]

    def collect(self):
        """What the venue has done to the orders since the last look."""
        self.done += [pair for pair in self.working if pair[1].filled_at is not None]
        self.working = [pair for pair in self.working if pair[1].is_live()]

    def fills(self):
        """(time, venue, side, price, amount, fee, liquidity), as they came."""
        found = [(order.filled_at, market.venue, order.side, order.fill_price, order.amount,
                  order.fee, "taker" if order.price is None else "maker")
                 for market, order in self.done]
        return sorted(found)

    def fees(self):
        return sum((order.fee for order in self.filled()), D(0))

    def gross(self):
        return sum((order.amount for order in self.filled("open")), D(0))

    def owned(self):
        return self.gross() - sum((order.amount for order in self.filled("close")), D(0))

    def entry(self):
        return divide(sum((order.quote() for order in self.filled("open")), D(0)), self.gross())

    def net(self):
        """s * (proceeds - closed * entry + owned * (mark - entry)) - fees."""
        closes, entry = self.filled("close"), self.entry()
        realized = sum((order.quote() for order in closes), D(0)) - \
            multiply(sum((order.amount for order in closes), D(0)), entry)
        open_pnl = multiply(self.owned(), self.market.mark(self.side) - entry)
        return self.sign * (realized + open_pnl) - self.fees()

    def net_pct(self):
        return divide(self.net(), multiply(self.gross(), self.entry()))

    def is_closable(self):
        owned = down_to(self.owned(), self.market.step)
        return owned > 0 and self.market.is_tradable(owned, self.market.mark(self.side))

    def leave(self, close_type):
        self.close_type, self.closed_at = close_type, self.now

    def settle(self):
        """Leaving: all orders but the close go, then what is owned is closed, or kept."""
        for order in self.live("open"):
            order.cancel(self.now)
        is_kept = self.close_type in ("COMPLETED", "POSITION_HOLD")
        if not is_kept and self.is_closable() and not self.live("close"):
            self.place("SELL" if self.side == "BUY" else "BUY",
                       down_to(self.owned(), self.market.step), role="close")
        self.is_over = not self.live()

    def look(self, now):
        self.now = now
        if self.is_over or now < self.start_at or any(m.bid is None for m in self.markets):
            return
        if self.started_at is None:
            self.started_at = now
        self.collect()
        if self.close_type is None:
            self.decide()
        if self.close_type is not None:
            self.settle()

    def seconds(self):
        return D(self.now - self.started_at) / NS_PER_S

    def is_expired(self, limit):
        return limit is not None and self.seconds() >= D(limit)


def play(executors, markets):
    """Plays all tapes to their end; what still runs then is left as it is."""
    steps = sorted((row[0], place, row) for place, market in enumerate(markets)
                   for row in market.quotes)
    for now, place, row in steps:
        markets[place].on_quote(*row)
        for executor in executors:
            if markets[place] in executor.markets:
                executor.look(now)


class OrderExecutor(Executor):
    """Places what is missing; a chaser takes its order back once the market has run away."""

    def wanted(self):
        strategy, mark = self.config["execution_strategy"], self.market.mark(self.side)
        if strategy == "LIMIT":
            return D(self.config["price"])
        if strategy == "LIMIT_MAKER":
            best = min if self.side == "BUY" else max
            return best(D(self.config["price"]), mark)
        distance = D(self.config["chaser_config"]["distance"])
        return multiply(mark, 1 - self.sign * distance)

    def is_left_behind(self, order):
        mark = self.market.mark(self.side)
        threshold = D(self.config["chaser_config"]["refresh_threshold"])
        return self.sign * (mark - order.price) > multiply(mark, threshold)

    def decide(self):
        missing = down_to(D(self.config["amount"]) - self.gross(), self.market.step)
        strategy = self.config["execution_strategy"]
        for order in self.live():
            if strategy == "LIMIT_CHASER" and order.is_acknowledged and self.is_left_behind(order):
                order.cancel(self.now)
        if self.live():
            return
        if missing == 0:
            self.leave("POSITION_HOLD")
        elif strategy == "MARKET":
            self.place(self.side, missing)
        else:
            self.place(self.side, missing, self.market.passive(self.side, self.wanted()))


class TwapExecutor(Executor):
    """due = total * min(1, (k + 1) / n) at slot k; what is neither executed nor working is sent."""

    def slots(self):
        return int(D(self.config["total_duration"]) // D(self.config["order_interval"])) + 1

    def slots_due(self):
        return min(int(self.seconds() // D(self.config["order_interval"])) + 1, self.slots())

    def price(self):
        if self.config["mode"] == "TAKER":
            return self.market.touch(self.side)
        away = 1 - self.sign * D(self.config["limit_order_buffer"])
        return self.market.passive(self.side, multiply(self.market.mid(), away))

    def missing(self):
        due = multiply(D(self.config["total_amount_quote"]),
                       divide(D(self.slots_due()), D(self.slots())))
        executed = sum((order.quote() for order in self.filled()), D(0))
        return due - executed - sum((multiply(o.amount, o.price) for o in self.live()), D(0))

    def decide(self):
        is_maker = self.config["mode"] == "MAKER"
        for order in self.live():
            patience = self.config.get("order_resubmission_time")
            if patience is not None and self.now - order.placed_at >= D(patience) * NS_PER_S:
                order.cancel(self.now)
        if not is_maker and self.live():
            return
        amount = down_to(divide(max(self.missing(), D(0)), self.price()), self.market.step)
        if self.market.is_tradable(amount, self.price() if is_maker else self.market.bid):
            self.place(self.side, amount, self.price() if is_maker else None)
        elif not self.live() and self.slots_due() == self.slots():
            self.leave("COMPLETED")


class Trail:
    """Armed when the net pnl is above the activation, `distance` behind its best."""

    def __init__(self, activation, distance):
        self.activation, self.distance, self.level = D(activation), D(distance), None

    def fires(self, net_pct):
        if self.level is None:
            if net_pct > self.activation:
                self.level = net_pct - self.distance
            return False
        if net_pct < self.level:
            return True
        self.level = max(self.level, net_pct - self.distance)
        return False


class DcaExecutor(Executor):
    """Every level once; barriers on what is filled. Levels are placed nanoseconds apart."""

    def __init__(self, config, *markets):
        super().__init__(config, *markets)
        self.prices = [D(price) for price in config["prices"]]
        self.quotes = [D(quote) for quote in config["amounts_quote"]]
        trailing = config.get("trailing_stop")
        self.trail = trailing and Trail(trailing["activation_price"], trailing["trailing_delta"])

    def unplaced(self):
        placed = {order.key for order in self.live() + self.filled()}
        return [level for level in range(len(self.prices)) if level not in placed]

    def is_inside(self, level):
        if self.config["mode"] == "MAKER":
            return True
        below, above = (D(bound) for bound in
                        self.config.get("activation_bounds") or ("0.0001", "0.005"))
        if self.side == "SELL":
            below, above = above, below
        price, mid = self.prices[level], self.market.mid()
        return multiply(price, 1 - below) < mid < multiply(price, 1 + above)

    def place_levels(self):
        for level in self.unplaced():
            if not self.is_inside(level):
                return
            amount = down_to(divide(self.quotes[level], self.prices[level]), self.market.step)
            is_maker = self.config["mode"] == "MAKER"
            self.place(self.side, amount, self.prices[level] if is_maker else None, key=level)

    def is_stopped(self, stop):
        if stop is None:
            return False
        if self.config["mode"] == "TAKER":
            return self.net() <= -multiply(D(stop), sum(self.quotes))
        return not self.unplaced() and not self.live() and self.net_pct() <= -D(stop)

    def decide(self):
        config = self.config
        if not self.is_expired(config.get("time_limit")):
            self.place_levels()
        if self.is_closable():
            if self.is_stopped(config.get("stop_loss")):
                return self.leave("STOP_LOSS")
            if self.trail and self.trail.fires(self.net_pct()):
                return self.leave("TRAILING_STOP")
            profit = config.get("take_profit")
            if profit is not None and self.net_pct() >= D(profit):
                return self.leave("TAKE_PROFIT")
        if self.is_expired(config.get("time_limit")):
            self.leave("TIME_LIMIT")


class PositionExecutor(Executor):
    """A position between a stop, a target and a time limit; the first two rise with apr_yield. Its
    trailing stop is not replayed: a tape that would arm it is no input for this."""

    def yielded(self):
        apr = self.config["triple_barrier_config"].get("apr_yield")
        return divide(multiply(D(apr), self.seconds()), D(SECONDS_PER_YEAR)) if apr else D(0)

    def decide(self):
        barriers = self.config["triple_barrier_config"]
        if not self.live() and not self.filled():
            is_limit = barriers["open_order_type"] == "LIMIT"
            price = D(self.config["entry_price"]) if is_limit else None
            self.place(self.side, D(self.config["amount"]), price)
        net = self.net_pct() if self.gross() else D(0)
        trailing = barriers.get("trailing_stop")
        assert not trailing or net <= D(trailing["activation_pnl_pct"]), "it would be armed"
        if self.is_closable():
            if net <= self.yielded() - D(barriers["stop_loss"]):
                return self.leave("STOP_LOSS")
            if net >= D(barriers["take_profit"]):
                return self.leave("TAKE_PROFIT")
        if self.is_expired(barriers.get("time_limit")) and net <= self.yielded():
            self.leave("TIME_LIMIT")


class PairExecutor(Executor):
    """Buys on the first market and sells on the second."""

    def __init__(self, config, *markets):
        super().__init__(config, *markets)
        self.buying, self.selling = markets
        self.costs = [D(config[name].get("fee") or 0) for name in ("buying_market",
                                                                   "selling_market")]
        self.amount = D(config["order_amount"])

    def traded(self, market):
        return sum((order.amount for of, order in self.done if of is market), D(0))

    def net(self):
        cash = sum((order.quote() * (1 if order.side == "SELL" else -1)
                    for order in self.filled()), D(0))
        return cash - self.fees()

    def settle(self):
        self.is_over = True


class ArbitrageExecutor(PairExecutor):
    """Both legs at once when bid * (1 - fee) / ask - (1 + fee) is more than is wanted."""

    def decide(self):
        if not self.live() and not self.filled():
            brought = divide(multiply(self.selling.bid, 1 - self.costs[1]), self.buying.ask)
            if brought - (1 + self.costs[0]) > D(self.config["min_profitability"]):
                self.place("BUY", self.amount, market=self.buying)
                self.place("SELL", self.amount, market=self.selling)
        elif not self.live():
            self.leave("COMPLETED")


class XemmExecutor(PairExecutor):
    """Rests at taker / (1 + s * (target + cost)), goes when the profit has left its range, and
    hedges what is filled."""

    def decide(self):
        buys = self.config["maker_side"] == "BUY"
        sign = 1 if buys else -1
        maker, taker = (self.buying, self.selling) if buys else (self.selling, self.buying)
        taker_price, cost = (taker.bid if buys else taker.ask), sum(self.costs)
        unhedged = self.traded(maker) - self.traded(taker)
        if unhedged > 0 and not self.live("hedge"):
            self.place("SELL" if buys else "BUY", unhedged, role="hedge", market=taker)
        for order in self.live("open"):
            profit = sign * (divide(taker_price, order.price) - 1) - cost
            is_wanted = D(self.config["min_profitability"]) <= profit <= \
                D(self.config["max_profitability"])
            if order.is_acknowledged and not is_wanted:
                order.cancel(self.now)
        lacking = self.amount - self.traded(maker)
        if lacking > 0 and not self.live("open"):
            margin = D(self.config["target_profitability"]) + cost
            side = "BUY" if buys else "SELL"
            price = maker.passive(side, divide(taker_price, 1 + sign * margin))
            self.place(side, lacking, price, market=maker)
        if lacking == 0 and not self.live():
            self.leave("COMPLETED")


REPLAYS = {
    "arbitrage_executor": ArbitrageExecutor,
    "dca_executor": DcaExecutor,
    "order_executor": OrderExecutor,
    "position_executor": PositionExecutor,
    "progressive_executor": PositionExecutor,
    "twap_executor": TwapExecutor,
    "xemm_executor": XemmExecutor,
}
