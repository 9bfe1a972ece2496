/* Two libraries that need each other: one has FIRST. */
int first(int n);
int second(int n);

#ifdef FIRST
int dep_version(void);

int dep_version(void)
{
        return first(4);
}

int first(int n)
{
        return n ? 10 + second(n - 1) : 0;
}
#else
int second(int n)
{
        return n ? 1 + first(n - 1) : 0;
}
#endif
