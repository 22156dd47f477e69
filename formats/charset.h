/* formats/charset.h */
