#define _GNU_SOURCE /* dl_iterate_phdr */
#include "frames.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    bool tried;
    const Elf64_Sym *symbols; /* mapped from the file, for good */
    size_t count;
    const char *names;
    size_t names_size;
    uintptr_t base; /* where the program has been loaded */
} program;

static const char *map_program(size_t *size)
{
    struct stat status;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    void *mapping = MAP_FAILED;
    if (file >= 0 && fstat(file, &status) == 0) {
        *size = (size_t)status.st_size;
        mapping = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
    }
    if (file >= 0)
        close(file);
    return mapping == MAP_FAILED ? NULL : mapping;
}

/* The program itself comes first. */
static int note_base(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    program.base = info->dlpi_addr;
    return 1;
}

static bool is_within(const Elf64_Shdr *section, size_t size)
{
    return section->sh_offset <= size && section->sh_size <= size - section->sh_offset;
}

static void find_symbols(void)
{
    size_t size = 0;
    const char *file = map_program(&size);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    if (!file || size < sizeof *header || memcmp(file, ELFMAG, SELFMAG) != 0 ||
        header->e_shoff > size || header->e_shnum > (size - header->e_shoff) / sizeof(Elf64_Shdr))
        return;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(file + header->e_shoff);
    for (unsigned i = 0; i < header->e_shnum; i++) {
        const Elf64_Shdr *table = &sections[i], *strings = &sections[table->sh_link];
        if (table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum ||
            !is_within(table, size) || !is_within(strings, size))
            continue;
        program.symbols = (const Elf64_Sym *)(file + table->sh_offset);
        program.count = table->sh_size / sizeof *program.symbols;
        program.names = file + strings->sh_offset;
        program.names_size = strings->sh_size;
    }
    dl_iterate_phdr(note_base, NULL);
}

const char *frames_function(const void *address)
{
    if (!program.tried) {
        program.tried = true;
        find_symbols();
    }
    uintptr_t place = (uintptr_t)address - program.base;
    for (size_t i = 0; i < program.count; i++) {
        const Elf64_Sym *symbol = &program.symbols[i];
        if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
            place - symbol->st_value < symbol->st_size && symbol->st_name < program.names_size)
            return program.names + symbol->st_name;
    }
    return NULL;
}
