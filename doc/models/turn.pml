/* The turn of src/base/turn.h, for spin: see README.md.
 *
 * Threads take a turn and give it back, within each other too, until they have had enough; the last one frees it. The first becomes
 * the favourite. Deadlines may pass at any moment. Each BUG_ is a change that may look harmless; none of them passes. */

#ifdef CROWD
#define THREADS   3
#define DEPTH     1
#define DEADLINES 0
#define FIRST     1 /* the favourite from the start */
#else
#define THREADS   2
#define DEPTH     2 /* how often a thread may have the turn */
#define DEADLINES 1 /* that a thread may meet */
#define FIRST     NOBODY
#endif

#define NOBODY 0
#define self   (_pid + 1)

mtype = { FREE, TAKEN, AWAITED };

/* --- Memory ----------------------------------------------------------------------------------- */

byte favourite = FIRST;
byte owner = NOBODY;
byte depth;
mtype word = FREE;
bool shared;

/* What the favourite stores is seen by itself at once, by others when it lands. */
byte inside, inside_own;
chan flying = [DEPTH] of { byte };

inline store_inside(value)
{
        atomic { nfull(flying) -> flying ! value; inside_own = value }
}

inline load_inside(ret)
{
        ret = (favourite == self -> inside_own : inside)
}

/* Every processor passes a barrier. What the favourite has stored lands, and it loads nothing anew that was loaded before: of that
 * there is nothing here, for each load takes the value of its moment. */
inline membarrier()
{
#ifdef BUG_NO_BARRIER
        skip
#else
        empty(flying)
#endif
}

/* --- The kernel's part ------------------------------------------------------------------------ */

bool queued[4]; /* on the word; on @inside nobody need be woken */

inline wake_one()
{
        atomic {
                if
                :: queued[1] -> queued[1] = false
                :: queued[2] -> queued[2] = false
                :: queued[3] -> queued[3] = false
                :: else
                fi
        }
}

/* While the word is AWAITED; @ok: false when the deadline has passed. */
inline doze_on_word()
{
#ifdef BUG_NO_COMPARE
        queued[self] = true;
#else
        queued[self] = (word == AWAITED);
#endif
        if
        :: !queued[self] -> ok = true
        :: atomic { queued[self] && deadlines > 0 -> deadlines--; queued[self] = false; ok = false }
        fi
}

/* For the assertions alone: who has the turn, how many will never want it again, and whether the last one has freed it. */
byte holder = NOBODY, left;
bool freed;

/* --- The common way --------------------------------------------------------------------------- */

#define touch assert(!freed)

inline own()
{
        atomic { owner = self; depth = 1 }
}

inline give_common()
{
        depth--;
        if
        :: depth == 0 ->
                owner = NOBODY;
                atomic { touch; was = word; word = FREE };
                if
                :: was == AWAITED -> wake_one()
                :: else
                fi
        :: else
        fi
}

inline take_word()
{
        atomic { was = word; if :: was == FREE -> word = TAKEN :: else fi };
        ok = true;
        do
        :: was == FREE -> break
        :: else ->
#ifdef BUG_TAKEN_AFTER_WAIT
                atomic { was = word; word = (was == FREE -> TAKEN : AWAITED) };
#else
                atomic { was = word; word = AWAITED };
#endif
                if
                :: was == FREE -> break
                :: else -> doze_on_word()
                fi;
                if
                :: !ok -> break
                :: else
                fi
        od
}

inline look_alone()
{
        if
        :: favourite == NOBODY || favourite == self -> alone = true
        :: else ->
                if
                :: shared -> alone = (inside == 0)
                :: else -> alone = false
                fi
        fi
}

/* It looks now and then, so that it need not be told. */
inline be_alone()
{
        look_alone();
        ok = true;
        if
        :: alone
        :: else ->
                if
                :: shared
                :: else ->
                        shared = true;
                        membarrier()
                fi;
                if
                :: inside == 0
                :: atomic { inside > 0 && deadlines > 0 -> deadlines--; ok = false }
                fi
        fi
}

inline take()
{
        load_inside(value);
        if
        :: value > 0 && favourite == self -> store_inside(value + 1); ok = true
        :: else ->
                if
                :: owner == self -> depth++; ok = true
                :: else ->
                        take_word();
                        if
                        :: ok ->
                                own();
                                be_alone();
                                if
                                :: ok
                                :: else -> give_common(); ok = false
                                fi
                        :: else
                        fi
                fi
        fi
}

/* --- The favourite's way ---------------------------------------------------------------------- */

inline become_favourite()
{
        atomic { inside = 1; inside_own = 1 }; /* its own store, but ordered by the release of the word */
        favourite = self;
        give_common()
}

inline enter_slowly()
{
        if
        :: favourite == self -> store_inside(0)
        :: else
        fi;
        if
        :: owner == self -> depth++; ok = true
        :: else ->
                atomic { was = word; if :: was == FREE -> word = TAKEN :: else fi };
                if
                :: was != FREE -> ok = false
                :: else ->
                        own();
                        if
                        :: favourite == NOBODY -> become_favourite(); ok = true
                        :: else ->
                                look_alone();
                                ok = alone;
                                if
                                :: ok
                                :: else -> give_common(); ok = false
                                fi
                        fi
                fi
        fi
}

inline enter()
{
        slowly = true;
        if
        :: favourite == self ->
                load_inside(value);
#ifdef BUG_LOOK_FIRST
                seen = shared;
                store_inside(value + 1);
#else
                store_inside(value + 1);
                seen = shared;
#endif
                slowly = (value == 0 && seen);
                ok = true
        :: else
        fi;
        if
        :: slowly -> enter_slowly()
        :: else
        fi
}

inline give()
{
        atomic { touch; load_inside(value) };
        if
        :: value == 0 || favourite != self -> give_common()
        :: else ->
#ifdef BUG_LOOK_AFTER_LEAVING
                store_inside(value - 1);
                touch;
                seen = shared
#else
                seen = shared;
                store_inside(value - 1)
#endif
        fi
}

/* --- Threads ---------------------------------------------------------------------------------- */

/* What is not needed any more makes no difference. */
inline forget()
{
        d_step { value = 0; was = FREE; ok = false; seen = false; alone = false; slowly = false }
}

active [THREADS] proctype thread()
{
        byte value, had, deadlines = DEADLINES;
        mtype was = FREE;
        bool ok, seen, alone, slowly, enough;
        do
        :: had < DEPTH && !enough ->
                enter();
                if
                :: ok
                :: else -> take()
                fi;
                atomic {
                        if
                        :: ok -> assert(holder == NOBODY || holder == self); holder = self; had++
                        :: else
                        fi;
                        forget()
                }
        :: had == 1 && !enough && left < THREADS - 1 -> atomic { enough = true; left++ }
        :: had > 0 && left == THREADS - 1 && !enough -> freed = true; break
        :: had > 0 ->
                atomic { had--; if :: had == 0 -> holder = NOBODY :: else fi };
                give();
                forget()
        :: had == 0 && enough -> break
        od
}

active proctype memory()
{
end:    do
        :: atomic { nempty(flying) -> flying ? inside }
        od
}
