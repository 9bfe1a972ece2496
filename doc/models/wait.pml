/* The bell of src/channel/channel.h and the wait of src/channel/wait.c, for spin: see README.md.
 *
 * A host and a worker converse over one mailbox, for ever: calls, callbacks within them, calls within those. Meanwhile the world
 * does one thing at most, at any moment: the worker dies or stops, the deadline passes, or another thread of the host ends the
 * domain. Each BUG_ is a change that may look harmless; none of them passes. */

#ifdef SMALL
#define NUMBERS  2
#define NESTING  1
#else
#define NUMBERS  4 /* of the sequence, which so wraps often */
#define NESTING  2 /* calls at once */
#endif
#define SPURIOUS 1 /* wake-ups for no reason, for each message */

#define ASLEEP     1
#define next(s)    ((s + 2) % (2 * NUMBERS))
#define number(b)  (b & ~ASLEEP)

#define HOST   0
#define WORKER 1

mtype = { CALL, RETURN, IMPORT, IMPORT_RETURN };          /* kinds of messages */
mtype = { MESSAGE, GUARD, DEADLINE, NOTHING_YET };        /* outcomes of a look */

/* --- Memory ----------------------------------------------------------------------------------- */

/* Of the bell there is one order for all, on whatever processor: it is one word. */
byte bell;

/* The rest of the mailbox, as others see it. What a side stores there flies for a while, and lands in any order. */
byte kind, slot;
byte flying_kind[2], flying_slot[2]; /* 0: landed; else the value, plus 1 */

bool guard = true; /* the host's own word; false: wait no more */

#define landed(side) (!flying_kind[side] && !flying_slot[side])

active proctype memory()
{
end:    do
        :: atomic { flying_kind[HOST] -> kind = flying_kind[HOST] - 1; flying_kind[HOST] = 0 }
        :: atomic { flying_slot[HOST] -> slot = flying_slot[HOST] - 1; flying_slot[HOST] = 0 }
        :: atomic { flying_kind[WORKER] -> kind = flying_kind[WORKER] - 1; flying_kind[WORKER] = 0 }
        :: atomic { flying_slot[WORKER] -> slot = flying_slot[WORKER] - 1; flying_slot[WORKER] = 0 }
        od
}

/* --- The kernel's part ------------------------------------------------------------------------ */

/* Who sleeps, or is about to: compared with the word and queued under the lock that a wake-up takes, hence in one step. */
bool queued_on_bell[2], queued_on_guard;

inline wake_bell()
{
        atomic { queued_on_bell[HOST] = false; queued_on_bell[WORKER] = false }
}

/* --- The world -------------------------------------------------------------------------------- */

bool gone;      /* the worker, for good: it died, or stopped */
bool late;      /* the host's deadline has passed */
bool abandoned; /* the host has given the worker up */

/* channel_guard_end */
inline end_guard()
{
#ifdef BUG_WAKE_GUARD_FIRST
        queued_on_guard = false;
        guard = false
#else
        guard = false;
        queued_on_guard = false
#endif
}

active proctype world()
{
        if
        :: gone = true; end_guard() /* it died, and the monitor has seen it */
        :: gone = true; late = true /* it stopped */
        :: late = true              /* it takes too long */
        :: end_guard(); gone = true /* the domain is unloaded */
        :: skip                     /* all is well */
        fi;
end:    abandoned;
        gone = true /* killed */
}

/* --- Sending ---------------------------------------------------------------------------------- */

/* What was sent last, for the assertions alone. */
byte sent_kind, sent_number, sender;
bool unread;

/* channel_send. The slot has the message's number, by which the reader's is judged. */
inline send(side, what)
{
        assert(!unread);
        sequence = next(sequence);
        atomic { sent_kind = what; sent_number = sequence; sender = side; unread = true }
        flying_kind[side] = what + 1;
        flying_slot[side] = sequence + 1;
#if defined(BUG_PLAIN_STORE)
        was = bell;
        atomic { landed(side) -> bell = sequence }
#elif defined(BUG_RELAXED)
        atomic { was = bell; bell = sequence }
#else
        atomic { landed(side) -> was = bell; bell = sequence } /* exchange; its release: what was stored before has landed */
#endif
        if
        :: was & ASLEEP -> wake_bell()
        :: else
        fi;
        was = 0 /* here and below: what is not needed any more shall make no difference */
}

/* --- Waiting ---------------------------------------------------------------------------------- */

inline look(side)
{
#ifdef BUG_SLOT_FIRST
        early = slot;
#endif
        was = bell;
        if
        :: number(was) == next(sequence) -> outcome = MESSAGE
        :: number(was) != next(sequence) ->
                assert(number(was) == sequence); /* CHANNEL_BROKEN is for liars */
                if
#ifndef BUG_GUARD_UNSEEN
                :: side == HOST && !guard -> outcome = GUARD
#endif
                :: else -> outcome = NOTHING_YET
                fi
        fi
}

/* Until @woken, or for no reason. */
inline sleep(woken)
{
        if
        :: woken
        :: spurious > 0 -> spurious--
        fi
}

/* doze: the worker with a futex on the bell, the host with futex_waitv on bell and guard, which it queues on one after the other. */
inline doze(side)
{
#ifdef BUG_NO_COMPARE
        queued_on_bell[side] = true;
#else
        queued_on_bell[side] = (bell == (was | ASLEEP));
#endif
        if
        :: !queued_on_bell[side]
        :: queued_on_bell[side] && side == WORKER -> sleep(!queued_on_bell[WORKER])
        :: queued_on_bell[side] && side == HOST ->
#if defined(SLICES)
                skip /* no futex_waitv: it sleeps on the bell for a short while, in which anything may happen */
#elif defined(BUG_BELL_ONLY)
                sleep(!queued_on_bell[HOST] || late)
#else
                queued_on_guard = guard;
                sleep(!queued_on_bell[HOST] || !queued_on_guard || late)
#endif
        fi;
        atomic {
                queued_on_bell[side] = false;
                if
                :: side == HOST -> queued_on_guard = false
                :: else
                fi
        }
}

/* channel_wait. Spinning is to look more often before the first sleep, which rest() may do as well. */
inline wait(side)
{
        spurious = SPURIOUS;
        do
        :: look(side);
                if
                :: outcome != NOTHING_YET -> break
                :: outcome == NOTHING_YET && side == HOST && late -> outcome = DEADLINE; break
                :: else
                fi;
#ifdef BUG_BLIND_ASLEEP
                bell = was | ASLEEP;
                doze(side)
#else
                if
                :: atomic { bell == was -> bell = was | ASLEEP }; doze(side) /* compare-and-swap */
                :: atomic { bell != was -> skip }
                fi
#endif
        od
}

/* channel_receive, after a wait that found a message. */
inline receive(side)
{
        got = kind;
        assert(got == sent_kind);
#ifdef BUG_SLOT_FIRST
        assert(early == sent_number);
#else
        assert(slot == sent_number);
#endif
        sequence = next(sequence);
        atomic {
                assert(unread && sender != side && sequence == sent_number);
                unread = false;
                was = 0;
                spurious = 0
        }
}

/* --- The two sides ---------------------------------------------------------------------------- */

active proctype host()
{
        byte sequence, was, got, inside, spurious, early;
        mtype outcome;
        do
        :: true ->
                if
                :: inside < NESTING -> inside++; send(HOST, CALL)
                :: inside > 0 -> send(HOST, IMPORT_RETURN)
                fi;
                wait(HOST);
                if
                :: outcome == MESSAGE
                :: outcome != MESSAGE -> break
                fi;
progress:       receive(HOST);
                assert(inside > 0 && (got == RETURN || got == IMPORT));
                if
                :: got == RETURN -> inside--
                :: got == IMPORT
                fi;
                got = 0
        od;
        assert((outcome == GUARD && !guard) || (outcome == DEADLINE && late));
        abandoned = true
}

active proctype worker()
{
        byte sequence, was, got, running, spurious, early;
        mtype outcome;
        {
                do
                :: true ->
                        wait(WORKER);
                        receive(WORKER);
                        if
                        :: got == CALL -> running++
                        :: got == IMPORT_RETURN
                        fi;
                        got = 0;
                        if
                        :: send(WORKER, IMPORT)
                        :: running--; send(WORKER, RETURN)
                        fi
                od
        } unless { gone }
}
