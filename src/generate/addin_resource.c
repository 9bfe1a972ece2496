/* An add-in's helpers for resources: wit-bindgen's, over the three functions that each form of the add-in has for handles. */
#include "generate/write.h"

static void write_prototypes(FILE *out, const struct c_resource *resource)
{
        const char *own = resource->own->name;
        fprintf(out, "\n/* Resource %s%s. */\n", resource->id,
                resource->by_addin ? ": object to handle, handle to object; the destructor is to be defined" : "");
        if (resource->by_addin) {
                fprintf(out, "%s %s(%s *rep);\n", own, resource->make, resource->object);
                fprintf(out, "%s *%s(%s handle);\n", resource->object, resource->rep, own);
                fprintf(out, "void %s(%s *rep);\n", resource->destructor, resource->object);
        } else {
                fprintf(out, "%s %s(%s handle);\n", resource->borrow->name, resource->lend, own);
        }
        fprintf(out, "void %s(%s handle);\n", resource->drop_own, own);
        if (resource->drop_borrow)
                fprintf(out, "void %s(%s handle);\n", resource->drop_borrow, resource->borrow->name);
}

void write_resource_prototypes(FILE *out, const struct model *model)
{
        for (size_t i = 0; i < model->n_resources; i++)
                if (!model->resources[i]->shared)
                        write_prototypes(out, model->resources[i]);
}

static void write_drop(FILE *out, const char *name, const char *type, size_t index)
{
        fprintf(out, "\nvoid %s(%s handle)\n{\n        drop_handle(%zu, handle.__handle);\n}\n", name, type, index);
}

static void write_helper(FILE *out, const struct c_resource *resource)
{
        const char *own = resource->own->name, *borrow = resource->borrow->name, *object = resource->object;
        if (resource->by_addin) {
                fprintf(out, "\n%s %s(%s *rep)\n{\n", own, resource->make, object);
                fprintf(out, "        %s own = { new_handle(%zu, rep) };\n        return own;\n}\n", own, resource->index);
                fprintf(out, "\n%s *%s(%s handle)\n{\n", object, resource->rep, own);
                fprintf(out, "        return (%s *)handle_rep(%zu, handle.__handle);\n}\n", object, resource->index);
        } else {
                fprintf(out, "\n%s %s(%s handle)\n{\n", borrow, resource->lend, own);
                fprintf(out, "        %s borrow = { handle.__handle };\n        return borrow;\n}\n", borrow);
        }
        write_drop(out, resource->drop_own, own, resource->index);
        if (resource->drop_borrow)
                write_drop(out, resource->drop_borrow, borrow, resource->index);
}

void write_resource_helpers(FILE *out, const struct model *model)
{
        for (size_t i = 0; i < model->n_resources; i++)
                if (!model->resources[i]->shared)
                        write_helper(out, model->resources[i]);
}
