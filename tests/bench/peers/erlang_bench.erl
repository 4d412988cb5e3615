%% tests/bench/peers/erlang_bench.erl - the workloads of bench_runtime.c with Erlang/OTP processes.
%%
%% README.md beside this file defines each workload. Prints one line `erlang.NAME value unit` per
%% measurement. The number of schedulers is set by the runner (erl +S).
-module(erlang_bench).
-export([main/1]).

-define(WINDOW, 1024).
-define(FAN_IN_SENDERS, 100).
-define(FAN_IN_WINDOW, 64).
-define(RING_ACTORS, 100).
-define(BIG_ACTORS, 64).
-define(SPAWN_ALIVE, 64).
-define(WORK_ACTORS, 64).
-define(WORK_NS, 1000).
-define(IDLE_ACTORS, 200000).

main([Messages, Only]) ->
    Count = list_to_integer(Messages),
    Benches = [
        {"counting", fun counting/1},
        {"window", fun window/1},
        {"ping_pong", fun ping_pong/1},
        {"fan_in", fun fan_in/1},
        {"ring", fun ring/1},
        {"spawn", fun spawning/1},
        {"big", fun big/1},
        {"scaling", fun scaling/1},
        {"idle", fun idle/1}
    ],
    %% A process of its own, so that what one bench leaves in its mailbox is gone with it.
    [
        in_process(fun() -> Run(Count) end)
     || {Name, Run} <- Benches, Only =:= "all" orelse Only =:= Name
    ],
    halt(0).

in_process(Run) ->
    {Pid, Monitor} = spawn_monitor(Run),
    receive
        {'DOWN', Monitor, process, Pid, normal} -> ok;
        {'DOWN', Monitor, process, Pid, Reason} -> exit(Reason)
    end.

report(Name, ElapsedNs, Count) ->
    io:format("erlang.~s ~.1f ns~n", [Name, ElapsedNs / Count]).

%% Sends go to all and waits for that many done.
run(Pids, Dones) ->
    Start = erlang:monotonic_time(nanosecond),
    [Pid ! go || Pid <- Pids],
    await(Dones),
    erlang:monotonic_time(nanosecond) - Start.

await(0) -> ok;
await(Dones) -> receive done -> await(Dones - 1) end.

%% ---- counting, window, fan_in

counting(Count) ->
    Judge = self(),
    Sink = spawn_link(fun() -> count_sink(Judge, Count) end),
    Flood = spawn_link(fun() -> receive go -> flood(Sink, Count) end end),
    report("counting", run([Flood], 1), Count).

count_sink(Judge, 0) -> Judge ! done;
count_sink(Judge, Left) -> receive {count, _} -> count_sink(Judge, Left - 1) end.

flood(_, 0) -> ok;
flood(Sink, Left) ->
    Sink ! {count, Left},
    flood(Sink, Left - 1).

window(Count) -> stream("window", 1, ?WINDOW, Count).
fan_in(Count) -> stream("fan_in", ?FAN_IN_SENDERS, ?FAN_IN_WINDOW, Count).

stream(Name, Senders, Window, Count) ->
    Judge = self(),
    Each = Count div Senders,
    Sink = spawn_link(fun() -> credit_sink(Judge, Window div 2, Each * Senders) end),
    Pids = [spawn_link(fun() -> receive go -> spend(Sink, Window, Each) end end)
            || _ <- lists:seq(1, Senders)],
    report(Name, run(Pids, 1), Each * Senders).

%% Each message carries its number, so the sink need not count for each sender.
credit_sink(Judge, _, 0) -> Judge ! done;
credit_sink(Judge, Half, Left) ->
    receive
        {count, From, Number} when Number rem Half =:= 0 ->
            From ! {credit, Half},
            credit_sink(Judge, Half, Left - 1);
        {count, _, _} -> credit_sink(Judge, Half, Left - 1)
    end.

spend(_, _, 0) -> ok;
spend(Sink, 0, Left) -> receive {credit, Credit} -> spend(Sink, Credit, Left) end;
spend(Sink, Credit, Left) ->
    Sink ! {count, self(), Left},
    spend(Sink, Credit - 1, Left - 1).

%% ---- ping_pong, ring

ping_pong(Count) -> hops("ping_pong", 2, Count).
ring(Count) -> hops("ring", ?RING_ACTORS, Count).

hops(Name, Actors, Count) ->
    Judge = self(),
    First = spawn_link(fun() -> first_hop(Judge, Count) end),
    Last = lists:foldl(
        fun(_, To) -> spawn_link(fun() -> hop(Judge, To) end) end, First, lists:seq(2, Actors)
    ),
    First ! {next, Last},
    report(Name, run([First], 1), Count).

first_hop(Judge, Count) ->
    receive {next, To} -> ok end,
    receive go -> To ! {count, Count - 1} end,
    hop(Judge, To).

hop(Judge, To) ->
    receive
        {count, 0} -> Judge ! done;
        {count, Hops} ->
            To ! {count, Hops - 1},
            hop(Judge, To)
    end.

%% ---- spawn

spawning(Count) ->
    Judge = self(),
    Spawns = Count div 8,
    Breeder = spawn_link(fun() -> receive go -> breed(Judge, 0, Spawns) end end),
    report("spawn", run([Breeder], 1), Spawns).

breed(Judge, 0, 0) -> Judge ! done;
breed(Judge, Alive, Left) when Alive < ?SPAWN_ALIVE, Left > 0 ->
    {Pid, _} = spawn_monitor(fun() -> receive go -> ok end end),
    Pid ! go,
    breed(Judge, Alive + 1, Left - 1);
breed(Judge, Alive, Left) ->
    receive {'DOWN', _, process, _, _} -> breed(Judge, Alive - 1, Left) end.

%% ---- big

big(Count) ->
    Judge = self(),
    PerRound = 2 * ?BIG_ACTORS * (?BIG_ACTORS - 1),
    Rounds = Count div PerRound + 1,
    Pids = [spawn_link(fun() -> big_begin(Judge, Rounds) end) || _ <- lists:seq(1, ?BIG_ACTORS)],
    [Pid ! {all, lists:delete(Pid, Pids)} || Pid <- Pids],
    report("big", run(Pids, ?BIG_ACTORS), Rounds * PerRound).

big_begin(Judge, Rounds) ->
    receive {all, Others} -> ok end,
    receive go -> big_round(Judge, Others, Rounds) end.

big_round(Judge, Others, 0) ->
    Judge ! done,
    big_loop(Judge, Others, 0, ?BIG_ACTORS);
big_round(Judge, Others, Rounds) ->
    Self = self(),
    [Pid ! {ping, Self} || Pid <- Others],
    big_loop(Judge, Others, Rounds - 1, ?BIG_ACTORS - 1).

big_loop(Judge, Others, Rounds, 0) -> big_round(Judge, Others, Rounds);
big_loop(Judge, Others, Rounds, Pongs) ->
    receive
        {ping, From} ->
            From ! pong,
            big_loop(Judge, Others, Rounds, Pongs);
        pong -> big_loop(Judge, Others, Rounds, Pongs - 1)
    end.

%% ---- scaling

scaling(Count) ->
    Messages = Count div 4,
    Before = erlang:system_flag(schedulers_online, 1),
    One = work(Messages),
    erlang:system_flag(schedulers_online, 2),
    Two = work(Messages),
    erlang:system_flag(schedulers_online, Before),
    io:format("erlang.scaling ~.2f x~n", [One / Two]).

work(Messages) ->
    Judge = self(),
    Each = Messages div ?WORK_ACTORS,
    Pids = [spawn_link(fun() -> work_loop(Judge, Each) end) || _ <- lists:seq(1, ?WORK_ACTORS)],
    run(Pids, ?WORK_ACTORS).

work_loop(Judge, Left) ->
    receive go -> spin(erlang:monotonic_time(nanosecond) + ?WORK_NS) end,
    case Left of
        0 -> Judge ! done;
        _ ->
            self() ! go,
            work_loop(Judge, Left - 1)
    end.

spin(EndNs) ->
    case erlang:monotonic_time(nanosecond) < EndNs of
        true -> spin(EndNs);
        false -> ok
    end.

%% ---- idle

idle(_) ->
    Before = resident_bytes(),
    Pids = [spawn_link(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, ?IDLE_ACTORS)],
    Bytes = resident_bytes() - Before,
    io:format("erlang.idle ~.1f bytes~n", [Bytes / length(Pids)]).

resident_bytes() ->
    {ok, File} = file:open("/proc/self/statm", [read, raw]),
    {ok, Line} = file:read(File, 200),
    ok = file:close(File),
    [_, Resident | _] = string:lexemes(Line, " "),
    list_to_integer(Resident) * 4096.
