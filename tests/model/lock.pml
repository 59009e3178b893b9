/* The lock protocol, small enough to be explored to its end: every order of every step.

   What is modelled is what the product does (crisis/activations/gate.py, service.py, drain.py; crisis/deliveries/claims.py,
   settling.py, sweep.py, reconcile.py): two senders on two hosts, two units' posts of which one is scheduled, two people who
   activate, and a world in which any process is slow for as long as it likes (SIGSTOP is that), is killed at any step, and the
   database crashes. Every atomic { } is one commit, or one thing that happens at a provider. A transaction of several
   statements is several steps, so that others come in between.

   Invariants, asserted where they could be broken:
     I1  no call of a unit's begins while an activation is confirmed
     I2  at the confirmation nobody is in a call, and what a lost call may still put out is listed as unresolved
     I3  nothing appears while an activation is confirmed, except what it listed: nothing was left with a provider to publish
     I4  what met the lock begins again by its owner's word alone
     I5  crisis messages and pointers, which need no permit, wait for no drain
     I6  of two activations one wins, and the other is told who
     I7  what was answered survives a crash of the database

   Taken for granted, since no protocol on our side can make it so:
     - a provider that is read back and says "it is not here" has no request for that post under way any more: we let it settle
       before we look (-DHASTY_LOOK takes that away);
     - a person who decides about what nobody could tell has looked, and later than that.

   Each MUTANT switch breaks one thing, and the model must then fail. Each WITNESS switch denies that something ever happens which
   must be able to happen, and must fail as well: a model in which nothing happens proves nothing. The lists are in protocol.py. */

#define POSTS 2
#define SENDERS 2
#define NOBODY 15

#ifndef ACTIVATIONS
#define ACTIVATIONS 2
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef DIRECTORS
#define DIRECTORS 2
#endif
#define LOOSE_MOST 2        /* requests of one post; the protocol never gets there */

/* A delivery's states, as in crisis/deliveries/states.py. LATER is ready, with its time to come. */
#define LATER 0
#define READY 1
#define LEASED 2
#define IN_FLIGHT 3
#define RETRY_WAIT 4
#define UNKNOWN 5
#define UNKNOWN_FINAL 6
#define ACCEPTED 7
#define BLOCKED 8
#define CANCELLED 9

#define OPEN 0
#define LOCKING 1
#define CONFIRMED 2

/* In the database, as committed. */
byte state[POSTS];
byte lease[POSTS];          /* the sender that has it, or NOBODY */
byte permit[SENDERS];       /* the post that a sender has an open permit for, or NOBODY */
bit locked;                 /* the gate */
byte activation = OPEN;
byte winner = NOBODY;       /* who holds the lock */
byte activated;             /* how often there was an activation */
bit listed[POSTS];          /* named as unresolved at the confirmation */
bit flushed = 1;            /* the gate is on the disk */

/* Locks and transactions. */
byte shared;                /* senders that hold the advisory lock shared */
bit exclusive;              /* a director holds it alone */
bit inside[SENDERS];        /* a sender in a transaction that holds it */
bit cut[SENDERS];           /* ... whose connection is gone */
bit asking[2];              /* a director in a transaction that holds it */
bit refused[2];             /* ... whose connection is gone */

/* Processes and providers. */
bit alive[SENDERS];
bit calling[SENDERS];       /* between its first byte and the answer */
byte about[SENDERS];        /* the post it has in hand */
byte loose[POSTS];          /* requests that nobody waits for any more and the provider may still publish */
bit out[POSTS];             /* it shows */

/* What the invariants need to remember. */
bit held[POSTS];            /* it met the lock, and its owner has said nothing since */
#ifdef SEE_RELEASED_POST
bit released[POSTS];        /* its owner published it after a lock */
#endif
byte killed;
byte crashed;

#define is_due(d) (state[d] == READY || state[d] == RETRY_WAIT)
#define is_unresolved(d) (state[d] == UNKNOWN || state[d] == UNKNOWN_FINAL)
#define no_permit (permit[0] == NOBODY && permit[1] == NOBODY)
#define nobody_may_start(d) (permit[0] != d && permit[1] != d)
#define pick(d, set) if :: set(0) -> d = 0 :: set(1) -> d = 1 fi
#define any(set) (set(0) || set(1))
#define is_leased(d) (state[d] == LEASED)
#define is_in_flight(d) (state[d] == IN_FLIGHT)
#define is_unknown(d) (state[d] == UNKNOWN)
#define is_unknown_final(d) (state[d] == UNKNOWN_FINAL)
#define is_blocked(d) (state[d] == BLOCKED)
#define is_later(d) (state[d] == LATER)
#define is_loose(d) (loose[d] > 0)

inline begin(d) {
    assert(activation != CONFIRMED);                    /* I1 */
    assert(!held[d])                                    /* I4 */
}

inline appear(d) {
    assert(activation != CONFIRMED || listed[d]);       /* I3 */
    out[d] = 1;
#ifdef SEE_RELEASED_POST
    assert(!released[d]);
#endif
}

inline block(d) {
    state[d] = BLOCKED;
    lease[d] = NOBODY;
    held[d] = 1
}

/* The database ends the transaction of a process that ends, and what it had sent is the provider's. */
inline end_of(s) {
    alive[s] = 0;
    if :: inside[s] -> inside[s] = 0; shared-- :: else fi;
    if
    :: calling[s] -> calling[s] = 0; if :: loose[about[s]] < LOOSE_MOST -> loose[about[s]]++ :: else fi
    :: else
    fi;
    cut[s] = 0
}

/* drain.py: the permit of a dead holder; its post may be out. */
inline take(s) {
    if
    :: state[permit[s]] == IN_FLIGHT -> state[permit[s]] = UNKNOWN; lease[permit[s]] = NOBODY
    :: else
    fi;
    permit[s] = NOBODY
}

proctype Sender(byte me) {
    byte came;
    bit seen;
    end_sender:
    do
    :: atomic { !alive[me] && permit[me] == NOBODY -> alive[me] = 1; about[me] = NOBODY; came = 0; seen = 0 }
    :: alive[me] ->
        end_claim: {
            atomic {
                any(is_due) -> pick(about[me], is_due);
#ifdef RETRY_WITHOUT_PERMIT
                if
                :: state[about[me]] == RETRY_WAIT -> state[about[me]] = IN_FLIGHT; lease[about[me]] = me; goto call
                :: else
                fi;
#endif
                state[about[me]] = LEASED;
                lease[about[me]] = me
            };

#ifdef READ_THEN_SEND
            seen = locked;
#else
#ifdef SNAPSHOT_FIRST
            seen = locked;                              /* one statement: its snapshot is older than its lock */
            atomic { !exclusive -> shared++; inside[me] = 1 };
#else
            atomic { !exclusive -> shared++; inside[me] = 1 };
            seen = locked;                              /* a statement of its own: its snapshot is younger than the lock */
#endif
#endif
            atomic {                                    /* COMMIT, or an error */
                if
                :: inside[me] -> inside[me] = 0; shared--
                :: else
                fi;
                if
                :: cut[me] -> cut[me] = 0; goto over
                :: else
                fi;
                if
                :: !(state[about[me]] == LEASED && lease[about[me]] == me) -> goto over     /* the lease was lost */
                :: else
                fi;
                if
                :: seen -> block(about[me]); goto over
                :: else -> state[about[me]] = IN_FLIGHT
                fi;
#ifndef READ_THEN_SEND
                permit[me] = about[me]
#endif
            };

            call:
            atomic { begin(about[me]); calling[me] = 1 };
            atomic {
                calling[me] = 0;
                if
                :: appear(about[me]); came = ACCEPTED
                :: came = RETRY_WAIT                    /* surely not processed */
                :: loose[about[me]] < LOOSE_MOST -> loose[about[me]]++; came = UNKNOWN      /* no answer */
                fi
            };
            atomic {                                    /* settle, where the lease still matches; the permit goes with it */
                if
                :: state[about[me]] == IN_FLIGHT && lease[about[me]] == me ->
                    state[about[me]] = came;
                    lease[about[me]] = NOBODY;
                    if :: came == RETRY_WAIT && locked -> held[about[me]] = 1 :: else fi
                :: else
                fi;
#ifdef SEE_RETRY
                assert(came != RETRY_WAIT);
#endif
                permit[me] = NOBODY
            };
            over: atomic { about[me] = NOBODY; came = 0; seen = 0 }
        } unless { !alive[me] }
    od
}

/* Somebody who activates. What is due then has met the lock. */
inline lock_gate(who) {
    assert(winner == NOBODY);                           /* I6 */
    locked = 1;
    activation = LOCKING;
    winner = who;
    activated++;
#ifdef ASYNC_COMMIT
    flushed = 0;
#endif
    if :: is_due(0) || state[0] == LEASED -> held[0] = 1 :: else fi;
    if :: is_due(1) || state[1] == LEASED -> held[1] = 1 :: else fi
}

proctype Director(byte me) {
#ifdef TWO_MAY_WIN
    bit seen;
#endif
    end_director:
    do
    :: activated < ACTIVATIONS ->
#ifdef TWO_MAY_WIN
        seen = locked;
        atomic {
            if
            :: !seen && activated < ACTIVATIONS -> lock_gate(me)
            :: else
            fi
        }
#else
        end_lock:                                       /* the advisory lock, as a statement of its own */
        atomic { shared == 0 && !exclusive -> exclusive = 1; asking[me] = 1 };
        atomic {
            if
            :: refused[me] -> refused[me] = 0           /* the database crashed before the commit: told so */
            :: else ->
                if
                :: locked -> assert(winner != NOBODY)   /* I6: told who holds it */
                :: !locked && activated < ACTIVATIONS -> lock_gate(me)
                :: else
                fi;
                exclusive = 0;
                asking[me] = 0
            fi
        }
#endif
    od
}

inline confirm() {
    assert(!calling[0] && !calling[1]);                 /* I2 */
    assert(loose[0] == 0 || is_unresolved(0));          /* I2 */
    assert(loose[1] == 0 || is_unresolved(1));          /* I2 */
    activation = CONFIRMED;
    listed[0] = is_unresolved(0);
    listed[1] = is_unresolved(1);
#ifdef SEE_CONFIRMED
    assert(false);
#endif
#ifdef SEE_LISTED
    assert(loose[0] == 0);
#endif
#ifdef SEE_SECOND_LOCK
    assert(activated < 2);
#endif
}

inline stand_down() {
    locked = 0;
    activation = OPEN;
    winner = NOBODY;
    listed[0] = 0;
    listed[1] = 0;
#ifndef OVERDUE_GOES_OUT
    if :: is_due(0) || state[0] == LEASED -> block(0) :: else fi;
    if :: is_due(1) || state[1] == LEASED -> block(1) :: else fi;
#endif
#ifdef RELEASE_BY_ITSELF
    if :: state[0] == BLOCKED -> state[0] = READY :: else fi;
    if :: state[1] == BLOCKED -> state[1] = READY :: else fi;
#endif
    skip
}

inline crash() {
    crashed++;
    shared = 0;
    exclusive = 0;
    if :: inside[0] -> inside[0] = 0; cut[0] = 1 :: else fi;
    if :: inside[1] -> inside[1] = 0; cut[1] = 1 :: else fi;
    if :: asking[0] -> asking[0] = 0; refused[0] = 1 :: else fi;
    if :: asking[1] -> asking[1] = 0; refused[1] = 1 :: else fi;
    if :: !flushed -> locked = 0; flushed = 1 :: else fi;
    assert(activation == OPEN || locked)                /* I7: people were told of it */
}

proctype World() {
    byte d;
    end_world:
    do
    /* Time. A lease runs out whenever it likes: a clock that jumps does that. */
    :: atomic { any(is_later) -> pick(d, is_later); state[d] = READY; held[d] = locked; d = 0 }
    :: atomic { any(is_leased) -> pick(d, is_leased); state[d] = READY; lease[d] = NOBODY; d = 0 }
    :: atomic { any(is_in_flight) -> pick(d, is_in_flight); state[d] = UNKNOWN; lease[d] = NOBODY; d = 0 }
#ifdef CLOCK_EXPIRY
    :: atomic { permit[0] != NOBODY -> permit[0] = NOBODY }
#endif
#ifdef ASYNC_COMMIT
    :: atomic { !flushed -> flushed = 1 }
#endif

    /* Reconcile reads back. A "no" sends a post again only where twice leaves one; else its owner is asked. */
    :: atomic {
        any(is_unknown) -> pick(d, is_unknown);
        if
        :: out[d] && loose[d] == 0 -> state[d] = ACCEPTED
#ifdef HASTY_LOOK
        :: !out[d] && nobody_may_start(d) -> state[d] = RETRY_WAIT; held[d] = locked
#else
#ifdef LOOK_UNDER_A_PERMIT
        :: !out[d] && loose[d] == 0 -> state[d] = RETRY_WAIT; held[d] = locked
#else
        :: !out[d] && loose[d] == 0 && nobody_may_start(d) -> state[d] = RETRY_WAIT; held[d] = locked
#endif
#endif
        :: state[d] = UNKNOWN_FINAL
        fi;
        d = 0
       }

    /* Providers are late, or forget. */
    :: atomic { any(is_loose) -> pick(d, is_loose); loose[d]--; if :: appear(d) :: skip fi; d = 0 }

    /* Owners. */
    :: atomic {
        !locked && any(is_blocked) -> pick(d, is_blocked);
        if :: state[d] = READY :: state[d] = CANCELLED fi;
#ifdef SEE_RELEASED_POST
        released[d] = (state[d] == READY);
#endif
        held[d] = 0;
        d = 0
       }
    :: atomic {
        any(is_unknown_final) -> pick(d, is_unknown_final);
        if
#ifdef DECIDE_UNDER_A_PERMIT
        :: loose[d] == 0 ->
#else
        :: loose[d] == 0 && nobody_may_start(d) ->
#endif
            if
            :: !out[d] -> state[d] = READY; held[d] = locked
            :: !out[d] -> state[d] = CANCELLED
            :: out[d] -> state[d] = ACCEPTED
            fi
        :: else
        fi;
        d = 0
       }

    /* The drain, in whoever's process: it kills what it can see, each host's standby on its own; it takes from the dead. */
    :: atomic { activation == LOCKING && permit[0] != NOBODY && alive[0] -> end_of(0) }
    :: atomic { activation == LOCKING && permit[1] != NOBODY && alive[1] -> end_of(1) }
    :: atomic { permit[0] != NOBODY && !alive[0] -> take(0) }
    :: atomic { permit[1] != NOBODY && !alive[1] -> take(1) }
#ifdef UNPROVED_DEATH
    :: atomic { activation == LOCKING && permit[1] != NOBODY -> take(1) }
#endif
#ifdef NO_DRAIN
    :: atomic { activation == LOCKING -> confirm() }
#else
    :: atomic { activation == LOCKING && no_permit -> confirm() }
#endif

    /* The other acts. Standing down takes the lock alone, too. */
    :: atomic { activation != OPEN && shared == 0 && !exclusive -> stand_down() }
#ifdef SEE_CRISIS_MESSAGE_IN_A_DRAIN
    :: atomic { locked -> assert(no_permit) }           /* I5: a crisis message begins */
#endif
#ifdef DOOR_WITHOUT_PERMIT
    :: atomic { state[0] == READY -> begin(0); appear(0); state[0] = ACCEPTED }
#endif
#ifdef NATIVE_SCHEDULE
    :: atomic { state[1] == LATER -> state[1] = ACCEPTED; loose[1]++ }
#endif

    /* Ends that nobody wanted. */
    :: atomic { killed < KILLS && alive[0] -> killed++; end_of(0) }
    :: atomic { killed < KILLS && alive[1] -> killed++; end_of(1) }
    :: atomic { crashed < CRASHES -> crash() }
    od
}

init {
    atomic {
        state[0] = READY; state[1] = LATER;
        lease[0] = NOBODY; lease[1] = NOBODY;
        permit[0] = NOBODY; permit[1] = NOBODY;
        about[0] = NOBODY; about[1] = NOBODY;
        alive[0] = 1; alive[1] = 1;
        run Sender(0); run Sender(1); run Director(0); if :: DIRECTORS > 1 -> run Director(1) :: else fi; run World()
    }
}
