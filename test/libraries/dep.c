/* A library that is there in several versions. */
int dep_version(void);
int nobody_has_this(void);

int dep_version(void)
{
        return VERSION;
}
