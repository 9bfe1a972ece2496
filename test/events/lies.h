/* Lies of the tests' add-in: see test_lies.c. */
#ifndef TEST_EVENTS_LIES_H
#define TEST_EVENTS_LIES_H

void lie(const char *what);

#endif
