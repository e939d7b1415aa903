
/*
 * Copyright (C) Civic Gate
 *
 * The shortest decimal that reads back as the same double, by the Schubfach
 * algorithm (Raffaello Giulietti, "The Schubfach way to render doubles").
 * It takes the same short time for all of them: whoever may choose the
 * numbers cannot choose slow ones, as with printf(), which needs several
 * attempts and large integers.
 *
 * A double is c * 2^q.  What lies half way to its neighbours is multiplied
 * by a power of ten, so that between both there is at least one whole number
 * and at most one multiple of ten: that one, or the whole number next to it,
 * are the digits.
 */


#include "civic_value_number.h"


#define CIVIC_VALUE_NUMBER_LEAST  -292 /* powers of ten */
#define CIVIC_VALUE_NUMBER_MOST   324
#define CIVIC_VALUE_NUMBER_WORDS  48   /* of 32 bits: room for 5^324 */
#define CIVIC_VALUE_NUMBER_ONE    5    /* the word that counts ones */
#define CIVIC_VALUE_NUMBER_BITS   52   /* of a double, without the first */


typedef unsigned __int128  civic_value_number_wide_t;

typedef struct {
    uint64_t                 digits;
    int                      power;    /* of ten */
} civic_value_number_t;


static civic_value_number_t civic_value_number_shortest(double number);
static civic_value_number_t civic_value_number_choose(uint64_t low,
    uint64_t middle, uint64_t high, int power);
static uint64_t civic_value_number_scale(civic_value_number_wide_t power,
    uint64_t c);
static void civic_value_number_init(void);
static civic_value_number_wide_t civic_value_number_first(
    const uint32_t *words, ngx_uint_t more);
static u_char *civic_value_number_digits(u_char *dst, uint64_t n);
static u_char *civic_value_number_place(u_char *dst, u_char *digits,
    int len, int point);


/* 10^i = (2^127 .. 2^128 - 1) * 2^e, rounded up; made at first use */

static civic_value_number_wide_t
                civic_value_number_powers[CIVIC_VALUE_NUMBER_MOST
                                          - CIVIC_VALUE_NUMBER_LEAST + 1];


u_char *
civic_value_number_write(u_char *dst, double number)
{
    int                   len;
    u_char                digits[CIVIC_VALUE_NUMBER_LEN];
    civic_value_number_t  shortest;

    if (number < 0) {
        *dst++ = '-';
        number = -number;
    }

    if (number <= 1e15 && number == (double) (int64_t) number) {
        return civic_value_number_digits(dst, (uint64_t) number);
    }

    shortest = civic_value_number_shortest(number);

    while (shortest.digits % 10 == 0) {
        shortest.digits /= 10;
        shortest.power++;
    }

    len = civic_value_number_digits(digits, shortest.digits) - digits;

    return civic_value_number_place(dst, digits, len, len + shortest.power);
}


/* `number` is positive and finite */

static civic_value_number_t
civic_value_number_shortest(double number)
{
    int                        q, k, shift, edge;
    uint64_t                   bits, c, odd;
    civic_value_number_wide_t  power;

    if (civic_value_number_powers[0] == 0) {
        civic_value_number_init();
    }

    ngx_memcpy(&bits, &number, sizeof(double));

    c = bits & (((uint64_t) 1 << CIVIC_VALUE_NUMBER_BITS) - 1);
    q = (int) (bits >> CIVIC_VALUE_NUMBER_BITS);

    /* the neighbour below a power of two is half as far away */

    edge = (c == 0 && q > 1);

    if (q) {
        c |= (uint64_t) 1 << CIVIC_VALUE_NUMBER_BITS;
        q--;
    }

    q -= 1074;

    /* k = floor(log10(2^q)), or of 3/4 of it; log2(10^-k) likewise */

    k = (q * 1262611 - (edge ? 524031 : 0)) >> 22;
    shift = q + ((-k * 1741647) >> 19) + 1;
    power = civic_value_number_powers[-k - CIVIC_VALUE_NUMBER_LEAST];

    /* an even number is what the text half way to it is read as */

    odd = c & 1;
    c *= 4;

    return civic_value_number_choose(
               civic_value_number_scale(power, (c - 2 + edge) << shift) + odd,
               civic_value_number_scale(power, c << shift),
               civic_value_number_scale(power, (c + 2) << shift) - odd, k);
}


/* four times what the digits may be, and should be */

static civic_value_number_t
civic_value_number_choose(uint64_t low, uint64_t middle, uint64_t high,
    int power)
{
    uint64_t              s, ten, below, above;
    civic_value_number_t  shortest;

    s = middle / 4;
    ten = s / 10;

    below = (low <= 40 * ten);
    above = (40 * ten + 40 <= high);

    if (s >= 10 && below != above) {
        shortest.digits = ten + above;
        shortest.power = power + 1;

        return shortest;
    }

    below = (low <= 4 * s);
    above = (4 * s + 4 <= high);

    if (below == above) {
        above = middle > 4 * s + 2 || (middle == 4 * s + 2 && (s & 1));
    }

    shortest.digits = s + above;
    shortest.power = power;

    return shortest;
}


/* its last bit says, too, that something was cut off */

static uint64_t
civic_value_number_scale(civic_value_number_wide_t power, uint64_t c)
{
    civic_value_number_wide_t  product;

    product = (power >> 64) * c
              + (((power & (uint64_t) -1) * c) >> 64);

    return (uint64_t) (product >> 64) | ((uint64_t) product > 1);
}


/* powers of five: those of two are in the exponent */

static void
civic_value_number_init(void)
{
    int        i, n;
    uint32_t   words[CIVIC_VALUE_NUMBER_WORDS];
    uint64_t   carry;

    ngx_memzero(words, sizeof(words));
    words[CIVIC_VALUE_NUMBER_ONE] = 1;

    for (i = 0; i <= CIVIC_VALUE_NUMBER_MOST; i++) {
        civic_value_number_powers[i - CIVIC_VALUE_NUMBER_LEAST] =
                                    civic_value_number_first(words, 0);

        for (n = 0, carry = 0; n < CIVIC_VALUE_NUMBER_WORDS; n++) {
            carry += (uint64_t) words[n] * 5;
            words[n] = (uint32_t) carry;
            carry >>= 32;
        }
    }

    ngx_memzero(words, sizeof(words));
    words[CIVIC_VALUE_NUMBER_WORDS - 1] = (uint32_t) 1 << 31;

    for (i = -1; i >= CIVIC_VALUE_NUMBER_LEAST; i--) {

        for (n = CIVIC_VALUE_NUMBER_WORDS - 1, carry = 0; n >= 0; n--) {
            carry = carry << 32 | words[n];
            words[n] = (uint32_t) (carry / 5);
            carry %= 5;
        }

        civic_value_number_powers[i - CIVIC_VALUE_NUMBER_LEAST] =
                                    civic_value_number_first(words, 1);
    }
}


/* the first 128 bits, rounded up; `more`: there are some behind the words */

static civic_value_number_wide_t
civic_value_number_first(const uint32_t *words, ngx_uint_t more)
{
    int                        i, shift;
    civic_value_number_wide_t  first;

    for (i = CIVIC_VALUE_NUMBER_WORDS - 1; words[i] == 0; i--) { /* void */ }

    first = (civic_value_number_wide_t) words[i] << 96
            | (civic_value_number_wide_t) words[i - 1] << 64
            | (civic_value_number_wide_t) words[i - 2] << 32 | words[i - 3];

    for (shift = 0; !(first >> 127); shift++) {
        first = first << 1 | (words[i - 4] >> (31 - shift) & 1);
    }

    more |= (uint32_t) (words[i - 4] << shift);

    for (i -= 5; i >= 0 && !more; i--) {
        more = words[i];
    }

    return first + (more ? 1 : 0);
}


static u_char *
civic_value_number_digits(u_char *dst, uint64_t n)
{
    int     len;
    u_char  buf[20];

    len = sizeof(buf);

    do {
        buf[--len] = '0' + n % 10;
        n /= 10;
    } while (n);

    return ngx_cpymem(dst, buf + len, sizeof(buf) - len);
}


/*
 * As "%.15g" writes it, or "%.17g" if it takes as many: no zeros are added to
 * a whole number, which some would read as an integer, and as another one.
 */

static u_char *
civic_value_number_place(u_char *dst, u_char *digits, int len, int point)
{
    int  exponent;

    exponent = point - 1;

    if (exponent < -4 || exponent >= ngx_max(len, 15)) {
        *dst++ = digits[0];

        if (len > 1) {
            *dst++ = '.';
            dst = ngx_cpymem(dst, digits + 1, len - 1);
        }

        return ngx_sprintf(dst, "e%c%02d", exponent < 0 ? '-' : '+',
                           exponent < 0 ? -exponent : exponent);
    }

    if (point >= len) {
        return ngx_cpymem(dst, digits, len);
    }

    if (point > 0) {
        dst = ngx_cpymem(dst, digits, point);
        *dst++ = '.';

        return ngx_cpymem(dst, digits + point, len - point);
    }

    *dst++ = '0';
    *dst++ = '.';

    for ( /* void */ ; point < 0; point++) {
        *dst++ = '0';
    }

    return ngx_cpymem(dst, digits, len);
}
