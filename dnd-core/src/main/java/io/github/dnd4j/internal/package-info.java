/** Shared by DnD4J's own modules. Not an API: anything here may change or go without notice. */
package io.github.dnd4j.internal;
