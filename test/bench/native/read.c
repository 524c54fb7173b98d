/* Reads bytes and does no more, but for a sum, or nothing would be read. */
#include <stddef.h>
#include <stdint.h>

enum { PAGE_WORDS = 512 };

uint64_t read_all(const uint64_t *words, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += words[i];
  return sum;
}

/* Pages of 4 KiB in the order given. */
uint64_t read_pages(const uint64_t *words, const uint32_t *order, size_t pages) {
  uint64_t sum = 0;
  for (size_t p = 0; p < pages; p++) {
    const uint64_t *page = words + (size_t)order[p] * PAGE_WORDS;
    for (size_t i = 0; i < PAGE_WORDS; i++) sum += page[i];
  }
  return sum;
}
