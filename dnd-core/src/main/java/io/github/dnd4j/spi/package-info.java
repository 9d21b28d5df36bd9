/**
 * What a generator is put together from, for those who write their own parts: encoders, decoders
 * and file formats. Implementations that are listed under {@code META-INF/services} are found by
 * {@link java.util.ServiceLoader}.
 */
package io.github.dnd4j.spi;
