/* Visits of a domain and its end, in src/domain/domain.c, with the lopsided barrier of src/base/barrier.h, for spin: see README.md.
 *
 * Threads come into a domain and leave it, each with a visit of its own, until they have had enough; at any moment another unloads
 * it. Each BUG_ is a change that may look harmless; none of them passes. */

#define CALLERS 2

mtype = { STARTED, STOPPING, STOPPED };

/* --- Memory ----------------------------------------------------------------------------------- */

bool running = true;
mtype end_of = STARTED;
bool locked; /* end_lock */

/* What a thread stores in its visit is seen by others when it lands, in order. */
byte depth[CALLERS];
chan flying0 = [2] of { byte };
chan flying1 = [2] of { byte };

inline store_depth(value)
{
        if
        :: atomic { _pid == 0 && nfull(flying0) -> flying0 ! value }
        :: atomic { _pid == 1 && nfull(flying1) -> flying1 ! value }
        fi
}

/* The heavy half: every thread passes a barrier. The light half is nothing. */
inline barrier_heavy()
{
#ifdef BUG_NO_BARRIER /* a fence of one's own */
        atomic { (_pid != 0 || empty(flying0)) && (_pid != 1 || empty(flying1)) }
#else
        atomic { empty(flying0) && empty(flying1) }
#endif
}

/* --- The end ---------------------------------------------------------------------------------- */

bool freed; /* what the kind holds */

inline try_stop()
{
        atomic { !locked -> locked = true };
        stops = false;
        if
        :: end_of == STARTED ->
                barrier_heavy();
                if
                :: depth[0] > 0
                :: else ->
                        if
                        :: depth[1] > 0
                        :: else -> stops = true; end_of = STOPPING
                        fi
                fi
        :: else
        fi;
        locked = false;
        if
        :: stops -> freed = true; end_of = STOPPED
        :: else
        fi
}

/* --- Threads ---------------------------------------------------------------------------------- */

inline leave()
{
#ifdef BUG_LOOK_BEFORE_LEAVING
        seen = running;
        store_depth(0);
#else
        store_depth(0);
        seen = running;
#endif
        if
#ifndef BUG_LEAVE_BLINDLY
        :: !seen -> try_stop()
#endif
        :: else
        fi
}

active [CALLERS] proctype caller()
{
        bool seen, stops;
        do
        :: true ->
#ifdef BUG_LOOK_FIRST
                seen = running;
                store_depth(1);
#else
                store_depth(1);
                seen = running;
#endif
                if
                :: seen -> assert(!freed); assert(!freed) /* a while within */
                :: else
                fi;
                leave()
        :: true -> break
        od
}

active proctype unloader()
{
        bool stops;
        running = false;
        try_stop();
        end_of == STOPPED;
        assert(freed)
}

active proctype memory()
{
end:    do
        :: atomic { nempty(flying0) -> flying0 ? depth[0] }
        :: atomic { nempty(flying1) -> flying1 ? depth[1] }
        od
}
