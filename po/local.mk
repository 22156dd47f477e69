# The catalogues.  po/LANG.po is in the tree; po/convdrop.pot, the texts as
# they stand in the code, is made.
#
#	make po/convdrop.pot	extracts the texts
#	make update-po		puts new texts into po/*.po, for the translator

EXTRA_DIST += po/extract po/unmarked po/ru.po
nodist_rumo_DATA = locale/ru/LC_MESSAGES/convdrop.mo
rumodir = $(localedir)/ru/LC_MESSAGES
CLEANFILES += $(nodist_rumo_DATA) po/convdrop.pot

po_sources = $(libformats_a_SOURCES) $(libkeys_a_SOURCES) \
	$(libserver_a_SOURCES) $(libnet_a_SOURCES) $(libstore_a_SOURCES) \
	$(libfeed_a_SOURCES) $(convdropd_SOURCES) $(convdrop_SOURCES)

locale/ru/LC_MESSAGES/convdrop.mo: po/ru.po
	$(AM_V_GEN)$(MKDIR_P) locale/ru/LC_MESSAGES && \
	    $(MSGFMT) --check-format -o $@ $(srcdir)/po/ru.po

po/convdrop.pot: po/extract $(po_sources)
	$(AM_V_GEN)$(MKDIR_P) po && XGETTEXT='$(XGETTEXT)' $(SHELL) \
	    $(srcdir)/po/extract $(srcdir) $@ $(po_sources)

update-po: po/convdrop.pot
	$(MSGMERGE) --quiet --no-fuzzy-matching --no-wrap \
	    --add-location=file --sort-by-file -o po/ru.po.new \
	    $(srcdir)/po/ru.po po/convdrop.pot
	mv po/ru.po.new $(srcdir)/po/ru.po
.PHONY: update-po
