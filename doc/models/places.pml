/* Places of a pooled domain, in src/domain/places.c, with the lopsided barrier of src/base/barrier.h, for spin: see README.md.
 *
 * Threads take a place for a call and give it back, again and again until they have had enough; who finds none waits, and may give
 * up. There is one place, so that all want the same. Each BUG_ is a change that may look harmless; none of them passes. */

#define THREADS 3

/* --- Memory ----------------------------------------------------------------------------------- */

/* Who has it, plus 1; 0: nobody. That it is given is seen by others when the store lands; taking it is a compare-and-swap, of what
 * has landed, as the thread's own stores have by then. */
byte owner;
bool flying[THREADS];

byte waiting, given; /* changed by atomic additions only */

/* The heavy half of the barrier: every thread passes one. The light half is nothing. */
inline barrier_heavy()
{
#ifdef BUG_NO_BARRIER /* a fence of one's own */
        !flying[_pid]
#else
        !flying[0] && !flying[1] && !flying[2]
#endif
}

/* --- The kernel's part ------------------------------------------------------------------------ */

bool queued[THREADS];

/* One of those that sleep, whichever. */
inline wake_one()
{
        if
        :: atomic { queued[0] -> queued[0] = false }
        :: atomic { queued[1] -> queued[1] = false }
        :: atomic { queued[2] -> queued[2] = false }
        :: atomic { !queued[0] && !queued[1] && !queued[2] -> skip }
        fi
}

/* --- Threads ---------------------------------------------------------------------------------- */

inline take()
{
        if
        :: atomic { !flying[_pid] && owner == 0 -> owner = _pid + 1; mine = true }
        :: atomic { flying[_pid] || owner != 0 -> mine = false }
        fi
}

inline give()
{
        assert(owner == _pid + 1);
#ifdef BUG_LOOK_FIRST
        seen = waiting;
        flying[_pid] = true;
#else
        flying[_pid] = true;
        seen = waiting;
#endif
        if
        :: seen > 0 ->
#ifndef BUG_NO_COUNT
                atomic { !flying[_pid]; given++ } /* a locked addition: what was stored has landed */
#else
                !flying[_pid];
#endif
                wake_one()
        :: else
        fi;
        seen = 0
}

/* Ends with the place, or without it at the deadline. */
inline await()
{
        atomic { !flying[_pid]; waiting++ };
        barrier_heavy();
        do
        :: seen = given;
           take();
           if
           :: mine || late -> break
           :: else
           fi;
           if
           :: atomic { given == seen -> queued[_pid] = true }; /* compared and queued under one lock */
              if
              :: !queued[_pid]
              :: atomic { queued[_pid] && may_be_late -> queued[_pid] = false; late = true }
              fi
           :: atomic { given != seen -> skip }
           fi
        od;
        waiting--;
        seen = 0
}

active [THREADS] proctype thread()
{
        bool mine, late, may_be_late = _pid == 0; /* the others wait however long it takes */
        byte seen, times;
        do
        :: times < 2 ->
                times++;
                take();
                if
                :: mine
                :: !mine -> await()
                fi;
                if
                :: mine -> give()
                :: else
                fi;
                mine = false;
                late = false
        :: break
        od
}

active proctype memory()
{
end:    do
        :: atomic { flying[0] -> owner = 0; flying[0] = false }
        :: atomic { flying[1] -> owner = 0; flying[1] = false }
        :: atomic { flying[2] -> owner = 0; flying[2] = false }
        od
}
